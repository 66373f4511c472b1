/** The only Redfish session with a BMC: a token and a kept connection, renewed when one of them has ended. */
import type { ClockPort } from '../../../actors/ports/clock.ts'
import type { PowerState } from '../../../actors/ports/power.ts'
import type { RedfishSettings } from '../../../schema/control-attributes.ts'
import { CodedError, isCoded } from '../../../schema/errors.ts'
import type { BmcSession, OrderKind } from '../session.ts'
import {
  offersForceOff,
  readJson,
  refusal,
  samePlace,
  systemStateOf,
  type SystemState,
} from './answers.ts'
import { RedfishConnection, type RedfishAnswer, type RedfishRequest } from './connection.ts'
import { logIn, type Login } from './login.ts'

interface RedfishSessionOptions {
  readonly clock: ClockPort
  /** Longest time for one order, including the opening of a session. */
  readonly commandTimeoutMs: number
  /** Authorities of the services, PEM; undefined: those of the system. */
  readonly ca: string | undefined
  /** Called for each session that is opened. */
  readonly noteSession: () => void
}

/** The service and the account of a session, and the state of the session. */
interface Kept {
  readonly bmc: RedfishSettings
  readonly connection: RedfishConnection
  login: Login | undefined
  /** When a session is asked for again, monotonic ms; undefined while none was refused. */
  sessionAgainMs: number | undefined
  /** The service has neither a free session nor takes the password with a request; until a session is free. */
  hasRefusedBoth: boolean
}

interface Refused {
  readonly bmc: RedfishSettings
  readonly error: CodedError
  readonly untilMs: number
  readonly pauseMs: number
}

interface Seen extends SystemState {
  readonly url: string
}

/** A power-off does not use a connection that was idle for longer than this, because it may be dead. */
const FRESH_CONNECTION_MS = 25_000
/** BMCs lock accounts and addresses after a few wrong passwords: the pause doubles. */
const REFUSED_PAUSE_MS = { first: 30_000, max: 300_000 }
const LOG_OUT_MS = 1000
/** After a BMC had no free session, it is asked for one again so much later. */
const SESSION_AGAIN_MS = 60_000
const HEADERS = { Accept: 'application/json', 'OData-Version': '4.0' } // some services answer 406 without them

/** Carries out orders over HTTP. */
export class RedfishSession implements BmcSession<RedfishSettings> {
  readonly #options: RedfishSessionOptions
  readonly #ending: AbortSignal
  #kept: Kept | undefined
  #refused: Refused | undefined
  /** The latest state of the machine. */
  #seen: Seen | undefined

  /** After the signal is aborted, nothing is opened any more. */
  constructor(options: RedfishSessionOptions, ending: AbortSignal) {
    this.#options = options
    this.#ending = ending
  }

  async perform(kind: OrderKind, bmc: RedfishSettings): Promise<PowerState> {
    this.#ending.throwIfAborted()
    const deadlineMs = this.#nowMs() + this.#options.commandTimeoutMs
    if (kind === 'read') this.#throwWhileRefused(bmc)
    if (this.#kept !== undefined && !isSameLogin(this.#kept.bmc, bmc)) await this.close()
    const { ca, clock, noteSession } = this.#options
    const kept = (this.#kept ??= {
      bmc,
      connection: new RedfishConnection({ clock, ca, bmc }),
      login: undefined,
      sessionAgainMs: undefined,
      hasRefusedBoth: false,
    })
    if (kept.sessionAgainMs !== undefined && this.#nowMs() >= kept.sessionAgainMs) {
      kept.login = undefined
    }
    const remainingMs = (): number => {
      this.#ending.throwIfAborted()
      return Math.max(1, deadlineMs - this.#nowMs())
    }
    const order = new Order(kept, bmc, { remainingMs, noteSession, clock })
    try {
      const state = kind === 'read' ? await this.#read(order) : await this.#off(order)
      this.#refused = undefined
      return state
    } catch (error) {
      if (isCoded(error, 'POWER_MISCONFIGURED')) this.#noteRefusal(bmc, error)
      this.#ending.throwIfAborted()
      throw error
    }
  }

  isOpen(): boolean {
    return this.#kept?.connection.isOpen() === true || this.#kept?.login?.kind === 'token'
  }

  async close(): Promise<void> {
    const kept = this.#kept
    this.#kept = undefined
    const login = kept?.login
    if (login?.kind === 'token' && login.path !== undefined) {
      const headers = { ...HEADERS, ...login.headers }
      const farewell = { method: 'DELETE', path: login.path, headers } as const
      // When a session cannot be ended here, the BMC ends it because it is idle.
      await kept?.connection.exchange(farewell, LOG_OUT_MS).catch(() => undefined)
    }
    kept?.connection.reset()
  }

  kill(): Promise<void> {
    this.#kept?.connection.reset()
    return Promise.resolve()
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  #throwWhileRefused(bmc: RedfishSettings): void {
    const refused = this.#refused
    if (refused === undefined || !isSameLogin(refused.bmc, bmc)) return
    if (this.#nowMs() < refused.untilMs) throw refused.error
  }

  #noteRefusal(bmc: RedfishSettings, error: CodedError): void {
    const before = this.#refused
    const isRepeated = before !== undefined && isSameLogin(before.bmc, bmc)
    const pauseMs = isRepeated
      ? Math.min(2 * before.pauseMs, REFUSED_PAUSE_MS.max)
      : REFUSED_PAUSE_MS.first
    this.#refused = { bmc, error, pauseMs, untilMs: this.#nowMs() + pauseMs }
  }

  async #read(order: Order): Promise<PowerState> {
    const { power } = await this.#look(order)
    if (power !== undefined) return power
    throw new CodedError('POWER_COMMAND_FAILED', 'the BMC does not tell the power state')
  }

  async #look(order: Order): Promise<SystemState> {
    const { url } = order.bmc
    const answer = await order.ask({ method: 'GET', path: new URL(url).pathname })
    const value = readJson(answer.text)
    if (answer.status !== 200) throw refusal(answer.status, value, `to show ${url}`)
    this.#seen = { url, ...systemStateOf(value, url) }
    return this.#seen
  }

  /** A machine that is off already needs no order, and many BMCs refuse the order. */
  async #off(order: Order): Promise<PowerState> {
    order.refreshConnection(FRESH_CONNECTION_MS)
    const seen = this.#seen
    const isKnown = seen?.url === order.bmc.url && offersForceOff(seen)
    const state = isKnown ? seen : await this.#look(order)
    if (!offersForceOff(state)) {
      if (state.power === 'off') return 'off'
      throw noForceOff(state)
    }
    const answer = await order.reset(state.resetPath, undefined)
    return isAccepted(answer) ? 'off' : this.#afterRefusal(order, answer)
  }

  async #afterRefusal(order: Order, refused: RedfishAnswer): Promise<PowerState> {
    const now = await this.#look(order)
    if (now.power === 'off') return 'off'
    const needsEtag = refused.status === 412 || refused.status === 428
    const last = needsEtag ? await order.reset(now.resetPath, now.etag ?? '*') : refused
    if (isAccepted(last)) return 'off'
    throw refusal(last.status, readJson(last.text), 'to power the machine off')
  }
}

/** 202 means a task, and 204 an empty answer. A later read shows whether the machine is off. */
const isAccepted = ({ status }: RedfishAnswer): boolean => status >= 200 && status < 300

function noForceOff({ resetTypes = [] }: SystemState): CodedError {
  const offered = resetTypes.slice(0, 16).join(', ')
  return new CodedError('POWER_COMMAND_FAILED', `the BMC offers no ForceOff, but ${offered}`)
}

/** One order while it is carried out. */
class Order {
  readonly bmc: RedfishSettings
  readonly #kept: Kept
  /** Throws when nothing may be sent any more. */
  readonly #remainingMs: () => number
  readonly #noteSession: () => void
  readonly #clock: ClockPort

  constructor(
    kept: Kept,
    bmc: RedfishSettings,
    {
      remainingMs,
      noteSession,
      clock,
    }: Pick<RedfishSessionOptions, 'noteSession' | 'clock'> & {
      readonly remainingMs: () => number
    },
  ) {
    this.#kept = kept
    this.bmc = bmc
    this.#remainingMs = remainingMs
    this.#noteSession = noteSession
    this.#clock = clock
  }

  /** Replaces a connection that was idle for too long for a power-off. */
  refreshConnection(idleMsMax: number): void {
    if (this.#kept.connection.idleMs() > idleMsMax) this.#kept.connection.reset()
  }

  reset(path: string, etag: string | undefined): Promise<RedfishAnswer> {
    const condition = etag === undefined ? {} : { 'If-Match': etag }
    const body = JSON.stringify({ ResetType: 'ForceOff' })
    return this.ask({ method: 'POST', path, headers: condition, body })
  }

  /**
   * Sends with a login. When the BMC has ended the session, a new session replaces it once; the BMC
   * did not carry out the request that it refused.
   */
  async ask(what: Pick<RedfishRequest, 'method' | 'path'> & Partial<RedfishRequest>) {
    const isKept = this.#kept.login?.kind === 'token'
    const answer = await this.#askOnce(what)
    if (answer.status !== 401) return answer
    const again = isKept ? await this.#askWithNewLogin(what) : answer
    if (again.status !== 401) return again
    const { login } = this.#kept
    this.#kept.login = undefined
    if (login?.kind === 'basic' && login.noFreeSession !== undefined) {
      // Its owner may allow sessions only, so this says nothing about user and password.
      this.#kept.hasRefusedBoth = true
      throw login.noFreeSession
    }
    throw refusal(401, readJson(again.text), 'the user or the password')
  }

  #askWithNewLogin(what: Pick<RedfishRequest, 'method' | 'path'> & Partial<RedfishRequest>) {
    this.#kept.login = undefined
    return this.#askOnce(what)
  }

  async #askOnce(what: Pick<RedfishRequest, 'method' | 'path'> & Partial<RedfishRequest>) {
    const login = (this.#kept.login ??= await this.#logIn())
    return this.#send({ ...what, headers: { ...what.headers, ...login.headers } })
  }

  async #logIn(): Promise<Login> {
    const kept = this.#kept
    const login = await logIn(this.bmc, (request) => this.#send(request))
    const noFreeSession = login.kind === 'basic' ? login.noFreeSession : undefined
    if (noFreeSession !== undefined && kept.hasRefusedBoth) throw noFreeSession
    kept.hasRefusedBoth = false
    kept.sessionAgainMs =
      noFreeSession === undefined ? undefined : this.#clock.monotonicMs() + SESSION_AGAIN_MS
    this.#noteSession()
    return login
  }

  /** Follows one redirection within the same service: old BMCs expect a slash at the end, or none. */
  async #send(what: RedfishRequest): Promise<RedfishAnswer> {
    const full = withHeaders(what)
    const answer = await this.#sendOnce(full)
    if (answer.status < 301 || answer.status > 308) return answer
    const path = samePlace(answer.headers.location, this.bmc.url)
    if (path === undefined) {
      const sentence = 'the BMC redirects to another address, which is not followed'
      throw new CodedError('POWER_COMMAND_FAILED', sentence)
    }
    return this.#sendOnce({ ...full, path })
  }

  /**
   * A kept connection may have ended since the last order. Then the request is sent again on a new
   * connection; a second read does no harm, and neither does a second order to power off. A request
   * that is not answered in time is not repeated here, but a read on a kept connection leaves half
   * of its time for a new connection.
   */
  async #sendOnce(what: RedfishRequest): Promise<RedfishAnswer> {
    const { connection } = this.#kept
    if (!connection.isOpen()) return connection.exchange(what, this.#remainingMs())
    const isRead = what.method === 'GET'
    const startedMs = this.#remainingMs()
    const patienceMs = isRead ? startedMs / 2 : startedMs
    try {
      return await connection.exchange(what, patienceMs)
    } catch (error) {
      if (!isCoded(error, 'POWER_UNREACHABLE')) throw error
      const isSilence = startedMs - this.#remainingMs() >= patienceMs
      if (isSilence && !isRead) throw error
    }
    return connection.exchange(what, this.#remainingMs())
  }
}

const withHeaders = (what: RedfishRequest): RedfishRequest => ({
  ...what,
  headers: {
    ...HEADERS,
    ...(what.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...what.headers,
  },
})

const isSameLogin = (one: RedfishSettings, other: RedfishSettings): boolean =>
  one.username === other.username &&
  one.password.reveal() === other.password.reveal() &&
  one.fingerprints.join() === other.fingerprints.join()
