/** Who is at the door: opens the cookie of a request and checks what else it must bring; writes cookies. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { linkBase, type LinkOptions } from '../http/links.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import { requireLoopback, requireSameOrigin } from '../http/same-origin.ts'
import { newCsrf, SessionSeal, type ConsoleSession } from './session.ts'

const COOKIE = 'instance_ha_console'
const CSRF_HEADER = 'x-csrf-token'
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

declare module 'fastify' {
  interface FastifyRequest {
    /** The session of a person who uses the console; null outside of it, and without log-in. */
    session: ConsoleSession | null
  }
}

export interface ConsoleOptions {
  /** Seals the cookies; undefined: a random key of this process. */
  readonly sessionKey: Secret | undefined
  /** A session that nobody used for so long is over, ms. */
  readonly idleMs: number
}

export interface DoorWorld {
  readonly clock: ClockPort
  readonly links: LinkOptions
  readonly options: ConsoleOptions
  /** False when the gateway runs without an Identity service: then everybody on this machine comes in. */
  readonly needsLogin: boolean
}

/** Checks requests of the console, and writes its cookies. */
export class Door {
  readonly #seal: SessionSeal
  readonly #world: DoorWorld
  /** Of everybody, when there is no log-in. */
  readonly #csrf = newCsrf()
  readonly needsLogin: boolean

  constructor(world: DoorWorld) {
    this.needsLogin = world.needsLogin
    this.#world = world
    this.#seal = new SessionSeal(world.options.sessionKey)
  }

  /** The session of the request; undefined when it has none that is still good. */
  sessionOf(request: FastifyRequest): ConsoleSession | undefined {
    const cookie = cookieOf(request)
    const session = cookie === undefined ? undefined : this.#seal.open(cookie)
    return session !== undefined && this.endOf(session) > this.#world.clock.wallMs()
      ? session
      : undefined
  }

  /** When the session is over if nobody uses it, wall ms. */
  endOf(session: ConsoleSession): number {
    return session.usedAtMs + this.#world.options.idleMs
  }

  /** What requests that change something must repeat. */
  csrfOf(session: ConsoleSession | undefined): string {
    return session?.csrf ?? this.#csrf
  }

  /** Refuses foreign pages and, without log-in, other machines. ACCESS_FORBIDDEN. */
  requireOwnPages(request: FastifyRequest): void {
    requireSameOrigin(request, this.#world.links)
    if (!this.needsLogin) requireLoopback(request)
  }

  /** ACCESS_FORBIDDEN for a request that changes something and does not repeat the value. */
  requireCsrf(request: FastifyRequest, session: ConsoleSession | undefined): void {
    if (SAFE_METHODS.includes(request.method)) return
    const given = request.headers[CSRF_HEADER]
    if (typeof given === 'string' && isEqual(given, this.csrfOf(session))) return
    throw new CodedError(
      'ACCESS_FORBIDDEN',
      'The request has no valid X-CSRF-Token: load the page again.',
    )
  }

  /** INPUT_INVALID when the token is too long for a cookie. */
  write(request: FastifyRequest, reply: FastifyReply, session: ConsoleSession): void {
    const value = this.#seal.seal(session)
    if (value === undefined) {
      const text = 'The token is too long for the cookie of a session: use a Fernet or JWS token.'
      throw new CodedError('INPUT_INVALID', text)
    }
    reply.header('set-cookie', `${COOKIE}=${value}; ${this.#attributes(request)}`)
  }

  erase(request: FastifyRequest, reply: FastifyReply): void {
    reply.header('set-cookie', `${COOKIE}=; Max-Age=0; ${this.#attributes(request)}`)
  }

  /**
   * Without a path, the cookie is for the folder of the route that writes it, whatever path a proxy
   * puts in front. So only routes directly below `/console` write it.
   */
  #attributes(request: FastifyRequest): string {
    const isSecure = linkBase(request, this.#world.links).startsWith('https:')
    return `HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
  }
}

/**
 * Every route that is registered later acts with the token of the session. Install this before the
 * check of tokens; a token that the request brings itself does not count.
 */
export function enterWithSession(app: GatewayApp, door: Door): void {
  const { needsLogin } = door
  app.addHook('onRequest', async (request) => {
    door.requireOwnPages(request)
    const session = needsLogin ? door.sessionOf(request) : undefined
    const { headers } = request.raw
    delete headers['x-auth-token']
    headers['openstack-api-version'] ??= `instance-ha 1.${OWN_MINOR}`
    if (session === undefined && needsLogin) {
      throw new CodedError('TOKEN_INVALID', 'there is no session')
    }
    door.requireCsrf(request, session)
    if (session === undefined) return
    headers['x-auth-token'] = session.token.reveal()
    request.session = session
  })
}

/** Streams of a session end with it. Install this after the check of tokens. */
export function endWithSession(app: GatewayApp, door: Door): void {
  app.addHook('onRequest', async (request) => {
    const { caller, session } = request
    if (caller === null || session === null) return
    request.caller = { ...caller, expiresAt: Math.min(caller.expiresAt, door.endOf(session)) }
  })
}

function cookieOf({ headers }: FastifyRequest): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1)
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const isEqual = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))
