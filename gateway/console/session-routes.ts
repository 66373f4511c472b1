/** Log-in, log-out, and the answer to a page that asks who uses it: `/console/session`. */
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Caller } from '../../actors/ports/identity.ts'
import type { LoginPort, LoginProof } from '../../actors/ports/login.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { clientAddress } from '../http/client-address.ts'
import { FaultBody } from '../http/faults.ts'
import { withDeadline } from '../limits/deadline.ts'
import { TokenBuckets } from '../limits/token-bucket.ts'
import type { Authenticator } from '../plugins/auth.ts'
import { ACTION_NAMES, type Policy } from '../policy/policy.ts'
import type { Door } from './door.ts'
import { newCsrf, type ConsoleSession } from './session.ts'

/** The longest body of a log-in, bytes. */
const BODY_BYTES_MAX = 16_384
const LOGIN_TIMEOUT_MS = 15_000
/** How many log-ins one address, and all of them together, may try. */
const TRIES_OF_ADDRESS = { burst: 10, perSecond: 0.2 }
const TRIES_OF_ALL = { burst: 100, perSecond: 5 }
const ADDRESSES_MAX = 5000
/** How many log-ins wait for the Identity service at once. */
const WAITING_MAX = 32

const STRICT = { additionalProperties: false }
const Word = Type.String({ minLength: 1, maxLength: 255 })
/** A password or secret. Keystone takes up to 4096 bytes. */
const Hidden = Type.String({ minLength: 1, maxLength: 4096 })
const LoginBody = Type.Object(
  {
    method: Type.Unsafe<'password' | 'application-credential' | 'token'>({
      enum: ['password', 'application-credential', 'token'],
    }),
    username: Type.Optional(Word),
    password: Type.Optional(Hidden),
    domain: Type.Optional(Word),
    /** Absent: the token is for the whole system. */
    project: Type.Optional(Word),
    project_domain: Type.Optional(Word),
    id: Type.Optional(Word),
    secret: Type.Optional(Hidden),
    token: Type.Optional(Type.String({ minLength: 1, maxLength: 8192 })),
  },
  STRICT,
)
type LoginBody = Static<typeof LoginBody>

const SessionView = Type.Object({
  user: Type.String(),
  name: Type.String(),
  project_id: Type.Union([Type.String(), Type.Null()]),
  roles: Type.Array(Type.String()),
  /** What the policy allows. */
  actions: Type.Array(Type.String()),
  csrf: Type.String(),
  /** False when everybody on this machine comes in without log-in. */
  login: Type.Boolean(),
  idle_seconds: Type.Number(),
})

export interface SessionRoutesWorld {
  readonly door: Door
  readonly idleMs: number
  readonly authenticator: Authenticator
  /** Undefined when the gateway runs without an Identity service. */
  readonly login: LoginPort | undefined
  readonly policy: Policy
  readonly clock: ClockPort
  readonly trustProxy: boolean
}

/** Installs the routes. */
export function sessionRoutes(app: GatewayApp, world: SessionRoutesWorld): void {
  const { door } = world
  const enter = entrance(world)
  app.addHook('onRequest', async (request, reply) => {
    door.requireOwnPages(request)
    reply.header('cache-control', 'no-store')
  })

  app.get(
    '/session',
    { schema: { response: { 200: SessionView, default: FaultBody } } },
    (request) => present(world, request),
  )

  app.post('/session', {
    bodyLimit: BODY_BYTES_MAX,
    schema: { body: LoginBody, response: { 201: SessionView, default: FaultBody } },
    preValidation: async ({ headers }) => {
      // A form of a page can send other types without asking the browser.
      if (/^application\/json\b/i.test(headers['content-type'] ?? '')) return
      throw new CodedError('MEDIA_TYPE_UNSUPPORTED', 'A log-in is sent as application/json.')
    },
    handler: async (request, reply) => {
      const { session, caller } = await enter(request, request.body)
      door.write(request, reply, session)
      reply.code(201)
      return sessionView(world, session, caller)
    },
  })

  // A page says now and then that somebody still uses it.
  app.put(
    '/session',
    { schema: { response: { 200: SessionView, default: FaultBody } } },
    async (request, reply) => {
      const view = await present(world, request)
      const session = door.sessionOf(request)
      door.requireCsrf(request, session)
      if (session !== undefined) {
        door.write(request, reply, { ...session, usedAtMs: world.clock.wallMs() })
      }
      return view
    },
  )

  app.delete('/session', async (request, reply) => {
    const session = door.sessionOf(request)
    if (session !== undefined) {
      door.requireCsrf(request, session)
      await revoke(world, session, request)
    }
    door.erase(request, reply)
    return reply.code(204).send()
  })
}

/** Who uses the page now. TOKEN_INVALID without a session, and when its token is not valid any more. */
async function present(
  world: SessionRoutesWorld,
  request: FastifyRequest,
): Promise<Static<typeof SessionView>> {
  const { door } = world
  const session = door.needsLogin ? door.sessionOf(request) : undefined
  if (session === undefined && door.needsLogin) throw nobody()
  const caller = await callerOf(world, session?.token, request)
  if (caller === undefined) throw nobody()
  return sessionView(world, session, caller)
}

const callerOf = (
  { authenticator, trustProxy }: SessionRoutesWorld,
  token: Secret | undefined,
  request: FastifyRequest,
): Promise<Caller | undefined> =>
  authenticator.authenticate(token?.reveal(), clientAddress(request, trustProxy))

const nobody = (): CodedError => new CodedError('TOKEN_INVALID', 'nobody is logged in')

/** Turns what a person typed into a session. */
function entrance(world: SessionRoutesWorld) {
  const { clock, trustProxy } = world
  const ofAddress = new TokenBuckets(clock, TRIES_OF_ADDRESS, ADDRESSES_MAX)
  const ofAll = new TokenBuckets(clock, TRIES_OF_ALL, 1)
  let waiting = 0

  const tokenFor = async (body: LoginBody, login: LoginPort): Promise<Secret | undefined> => {
    if (body.method === 'token') return new Secret(wanted(body, 'token'))
    const proof = proofOf(body)
    if (waiting >= WAITING_MAX) throw tooMany()
    waiting += 1
    try {
      return await withDeadline(clock, LOGIN_TIMEOUT_MS, 'IDENTITY_UNAVAILABLE', (signal) =>
        login.login(proof, signal),
      )
    } finally {
      waiting -= 1
    }
  }

  return async (
    request: FastifyRequest,
    body: LoginBody,
  ): Promise<{ readonly session: ConsoleSession; readonly caller: Caller }> => {
    if (world.login === undefined) throw new CodedError('INPUT_INVALID', 'There is no log-in here.')
    if (!ofAddress.take(clientAddress(request, trustProxy)) || !ofAll.take('all')) throw tooMany()
    const token = await tokenFor(body, world.login)
    const caller = token === undefined ? undefined : await callerOf(world, token, request)
    if (token === undefined || caller === undefined) throw nobody()
    const name = body.username ?? caller.userId
    const session = { token, csrf: newCsrf(), usedAtMs: clock.wallMs(), name }
    return { session: { ...session, isOurs: body.method !== 'token' }, caller }
  }
}

const tooMany = (): CodedError =>
  new CodedError('RATE_LIMITED', 'Too many log-ins were tried. Wait a few seconds.', {
    retryAfterSeconds: 5,
  })

function proofOf(body: LoginBody): LoginProof {
  if (body.method === 'application-credential') {
    const secret = new Secret(wanted(body, 'secret'))
    return { kind: 'application-credential', id: wanted(body, 'id'), secret }
  }
  const { domain = 'Default', project, project_domain: projectDomain = domain } = body
  return {
    kind: 'password',
    username: wanted(body, 'username'),
    domain,
    password: new Secret(wanted(body, 'password')),
    scope:
      project === undefined
        ? { kind: 'system' }
        : { kind: 'project', name: project, domain: projectDomain },
  }
}

function wanted(
  body: LoginBody,
  field: 'username' | 'password' | 'id' | 'secret' | 'token',
): string {
  const value = body[field]
  if (value !== undefined) return value
  const text = `Invalid input for field/attribute ${field}. It is needed to log in by ${body.method}.`
  throw new CodedError('INPUT_INVALID', text)
}

/** Log-out is never refused: when the Identity service is away, the token ends at its expiry. */
async function revoke(
  { login, clock }: SessionRoutesWorld,
  { token, isOurs }: ConsoleSession,
  request: FastifyRequest,
): Promise<void> {
  if (login === undefined || !isOurs) return
  try {
    await withDeadline(clock, LOGIN_TIMEOUT_MS, 'IDENTITY_UNAVAILABLE', (signal) =>
      login.revoke(token, signal),
    )
  } catch (error) {
    if (!isCoded(error, 'IDENTITY_UNAVAILABLE')) throw error
    request.log.warn('a token was not ended at log-out: the Identity service does not answer')
  }
}

function sessionView(
  { door, idleMs, policy }: SessionRoutesWorld,
  session: ConsoleSession | undefined,
  caller: Caller,
): Static<typeof SessionView> {
  return {
    user: caller.userId,
    name: session?.name ?? caller.userId,
    project_id: caller.projectId,
    roles: [...caller.roles],
    actions: ACTION_NAMES.filter((action) => policy.allows(action, caller)),
    csrf: door.csrfOf(session),
    login: door.needsLogin,
    idle_seconds: idleMs / 1000,
  }
}
