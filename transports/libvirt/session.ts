/** One period of connection to a daemon: it registers events, looks at all guests, and then passes events on until it ends. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { GuestNews, GuestSign, GuestView } from '../../actors/ports/guest.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import { instanceId, type InstanceId } from '../../schema/ids.ts'
import { AgentPings } from './agent-pings.ts'
import { body, LibvirtConnection, type ConnectionListener } from './connection.ts'
import type { HypervisorDoors, HypervisorLocation } from '../../schema/config/option.ts'
import { describeDomain } from './domain-description.ts'
import { readEvent, type DomainEvent } from './guest-event.ts'
import { CALL, ERROR, EVENTS, LIST_ALL, powerOf, type EventKind } from './numbers.ts'
import { XdrWriter, type DomainName, type XdrReader } from './xdr.ts'

/** Longest wait for a list, a state or the XML of a domain: these calls have workers of their own. */
const CALL_MS = 10_000
/** When the daemon does not allow the connection that asks guests, the next try comes after this time. */
const VOICE_AGAIN_MS = 30_000
/** More domains than any host has. For domains above this number, each event needs another look at the XML. */
const DOMAINS_MAX = 20_000

/** After these the domain's XML may be another one. */
const CHANGING: ReadonlySet<string> = new Set(['defined', 'started', 'resumed'])

export interface SessionWorld {
  readonly clock: ClockPort
  readonly log: LogPort
}

/** A session that is open. */
export class LibvirtSession implements Disposable {
  readonly ended: Promise<CodedError>
  readonly #world: SessionWorld
  readonly #eyes: LibvirtConnection
  readonly #driver: string
  readonly #doors: HypervisorDoors
  readonly #tell: (news: GuestNews) => void
  readonly #resolveEnded: (reason: CodedError) => void
  /** Whether a domain is an instance of Nova's. */
  readonly #isNovas = new BoundedMap<InstanceId, boolean>({
    entriesMax: DOMAINS_MAX,
    whenFull: 'drop-oldest',
  })
  #voice: LibvirtConnection | undefined
  #pings: AgentPings | undefined
  #voiceTriedAtMs = Number.NEGATIVE_INFINITY
  /** Keeps events in their order, although some of them need a look first. */
  #line: Promise<void> = Promise.resolve()

  private constructor(
    world: SessionWorld,
    open: {
      readonly eyes: LibvirtConnection
      readonly driver: string
      readonly doors: HypervisorDoors
    },
    tell: (news: GuestNews) => void,
  ) {
    this.#world = world
    this.#eyes = open.eyes
    this.#driver = open.driver
    this.#doors = open.doors
    this.#tell = tell
    const { promise, resolve } = Promise.withResolvers<CodedError>()
    this.ended = promise
    this.#resolveEnded = resolve
    void this.#endWith(open.eyes)
  }

  /** Opens a session, which receives events from now on. Throws HYPERVISOR_UNAVAILABLE when no socket of the target accepts it. */
  static async open(
    world: SessionWorld,
    target: HypervisorLocation,
    tell: (news: GuestNews) => void,
  ): Promise<LibvirtSession> {
    const listener: ConnectionListener & { session?: LibvirtSession } = {
      onEvent: (procedure, body) => listener.session?.onEvent(procedure, body),
    }
    const { eyes, doors } = await openEyes(world.clock, target, listener)
    const session = new LibvirtSession(world, { eyes, driver: target.driver, doors }, tell)
    listener.session = session
    try {
      await session.#begin()
      return session
    } catch (error) {
      session[Symbol.dispose]()
      throw error
    }
  }

  get heardAtMs(): number {
    return this.#eyes.heardAtMs
  }

  [Symbol.dispose](): void {
    this.#eyes[Symbol.dispose]()
    this.#voice?.[Symbol.dispose]()
  }

  /** Passes a snapshot of all guests on, and then the events that came meanwhile. A failure ends the session. */
  tellAll(): Promise<void> {
    return this.#inLine(async () => {
      const args = new XdrWriter().int(1).int(LIST_ALL)
      const reply = body(await this.#eyes.call(CALL.list, args, { deadlineMs: CALL_MS }))
      const guests: GuestView[] = []
      for (const domain of reply.list(() => reply.domain())) {
        const view = await this.#look(domain)
        if (view !== undefined) guests.push(view)
      }
      this.#tell({ type: 'snapshot', guests })
    })
  }

  /** Guests that cannot be asked are unknown. */
  async heartbeats(
    instances: readonly InstanceId[],
    timeoutMs: number,
  ): Promise<ReadonlyMap<InstanceId, GuestSign>> {
    await this.#openVoice()
    return this.#pings === undefined ? new Map() : await this.#pings.ask(instances, timeoutMs)
  }

  onEvent(procedure: number, body: XdrReader): void {
    const read = readEvent(procedure, body)
    if (read !== undefined) void this.#inLine(() => this.#onDomainEvent(read))
  }

  async #begin(): Promise<void> {
    // Events are registered before the look: an event in between is passed on twice, and never lost.
    for (const kind of Object.keys(EVENTS) as EventKind[]) {
      const args = new XdrWriter().int(EVENTS[kind].id).int(0)
      const answer = await this.#eyes.call(CALL.register, args, { deadlineMs: CALL_MS })
      if (answer.kind === 'refused') {
        const { code, message } = answer
        this.#world.log.warn({ event: kind, code, reason: message }, 'libvirt does not tell events')
      }
    }
    await this.#openVoice()
  }

  async #onDomainEvent({ domain, event }: DomainEvent): Promise<void> {
    const instance = instanceId(domain.uuid)
    const view =
      CHANGING.has(event) || !this.#isNovas.has(instance) ? await this.#look(domain) : undefined
    if (this.#isNovas.get(instance) === true) {
      if (view !== undefined) this.#tell({ type: 'seen', guest: view })
      this.#tell({ type: 'happened', instance, event })
    }
    if (event === 'undefined') this.#isNovas.delete(instance)
  }

  /** Undefined for a domain that is gone, or is not Nova's. */
  async #look({ uuid, id }: DomainName): Promise<GuestView | undefined> {
    const instance = instanceId(uuid)
    const options = { deadlineMs: CALL_MS }
    const seen = await this.#eyes.call(CALL.xml, new XdrWriter().domain(uuid).int(0), options)
    if (seen.kind === 'refused') return this.#notSeen(seen.code, seen.message)
    const { isNovas, agent } = describeDomain(seen.body.string())
    this.#isNovas.set(instance, isNovas)
    if (!isNovas) return undefined
    const state = await this.#eyes.call(CALL.state, new XdrWriter().domain(uuid).int(0), options)
    if (state.kind === 'refused') return this.#notSeen(state.code, state.message)
    const power = powerOf(state.body.int(), state.body.int())
    return { instance, run: id, power, agent }
  }

  #notSeen(code: number, reason: string): undefined {
    if (code !== ERROR.noDomain) {
      this.#world.log.warn({ code, reason }, 'libvirt does not show a domain')
    }
  }

  /** Runs the tasks one after the other. A failure ends the session, because its news have a gap then. */
  #inLine(task: () => Promise<void>): Promise<void> {
    const done = this.#line.then(task)
    this.#line = done.catch(() => {
      this[Symbol.dispose]()
    })
    return done
  }

  async #openVoice(): Promise<void> {
    const nowMs = this.#world.clock.monotonicMs()
    if (this.#voice !== undefined || nowMs - this.#voiceTriedAtMs < VOICE_AGAIN_MS) return
    this.#voiceTriedAtMs = nowMs
    const { clock, log } = this.#world
    try {
      const voice = await LibvirtConnection.open({
        clock,
        address: this.#doors.full,
        driver: this.#driver,
        access: 'full',
        listener: { onEvent: () => {} },
      })
      this.#voice = voice
      this.#pings = new AgentPings(clock, voice)
      void this.#endWith(voice)
    } catch (error) {
      if (!isCoded(error, 'HYPERVISOR_UNAVAILABLE')) throw error
      log.warn(
        { reason: error.message },
        'guest agents cannot be asked, only events of guests are heard',
      )
    }
  }

  /** Renews both connections together: a daemon that ended one has restarted, or will end the other one, too. */
  async #endWith(connection: LibvirtConnection): Promise<void> {
    const reason = await connection.ended
    this[Symbol.dispose]()
    this.#resolveEnded(reason)
  }
}

async function openEyes(
  clock: ClockPort,
  { driver, doors }: HypervisorLocation,
  listener: ConnectionListener,
): Promise<{ readonly eyes: LibvirtConnection; readonly doors: HypervisorDoors }> {
  const reasons: string[] = []
  for (const each of doors) {
    try {
      const options = {
        clock,
        address: each.readOnly,
        driver,
        access: 'read-only',
        listener,
      } as const
      return { eyes: await LibvirtConnection.open(options), doors: each }
    } catch (error) {
      if (!isCoded(error, 'HYPERVISOR_UNAVAILABLE')) throw error
      reasons.push(error.message)
    }
  }
  throw new CodedError('HYPERVISOR_UNAVAILABLE', reasons.join('; '))
}
