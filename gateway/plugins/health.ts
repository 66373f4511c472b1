/**
 * Health endpoints: whether this process runs, whether it can work, and the state of its actors.
 */
import { Type, type Static } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import { RoleHealth } from '../../schema/messages/leadership.ts'
import type { GatewayApp } from '../app.ts'
import { publicReason } from '../http/faults.ts'
import { withDeadline } from '../limits/deadline.ts'
import { remembered } from '../limits/remembered.ts'

/** One service that this process needs. */
export interface ReadinessCheck {
  readonly name: string
  /**
   * vital: this process cannot work without it, and the status is 503. elsewhere: no recovery goes on
   * without it, and this process works; it is not ready, and the status stays 200, because a load
   * balancer must not take the API away: it still stores faults. dispensable: it is only shown.
   */
  readonly need: 'vital' | 'elsewhere' | 'dispensable'
  check(): Promise<void>
}

const CHECK_TIMEOUT_MS = 3000
/**
 * Any caller may ask, and each check costs other services a request. Therefore all callers within
 * this time get the same answer.
 */
const REMEMBERED_MS = 1000

const CheckResult = Type.Object({
  name: Type.String(),
  ok: Type.Boolean(),
  reason: Type.Union([Type.String(), Type.Null()]),
  /** When the first failure since the last success was seen; null while the check succeeds. */
  since: Type.Union([Type.String(), Type.Null()]),
})
const Readiness = Type.Object({ ready: Type.Boolean(), checks: Type.Array(CheckResult) })

/** What the health endpoints need. */
export interface HealthRoutesDependencies {
  readonly clock: ClockPort
  readonly readiness: readonly ReadinessCheck[]
  /** True while an operator keeps this process out of the load balancer. */
  readonly outOfService: () => boolean
}

/** Endpoints for load balancers and container engines. They need no token and show no secrets. */
export function healthRoutes(
  app: GatewayApp,
  { clock, readiness, outOfService }: HealthRoutesDependencies,
): void {
  const failingSince = new Map<string, string>()
  const run = async (tested: ReadinessCheck) => {
    const { name } = tested
    const askedAt = new Date(clock.wallMs()).toISOString()
    try {
      await withDeadline(clock, CHECK_TIMEOUT_MS, 'ANSWER_LATE', () => tested.check())
      failingSince.delete(name)
      return { name, ok: true, reason: null, since: null }
    } catch (error) {
      const since = failingSince.get(name) ?? askedAt
      failingSince.set(name, since)
      return { name, ok: false, reason: publicReason(error), since }
    }
  }

  const results = remembered<Static<typeof CheckResult>[]>(clock, {
    ttlMs: REMEMBERED_MS,
    answersMax: 1,
  })

  app.get('/healthcheck', async (_request, reply) => {
    reply.type('text/plain')
    return outOfService() ? reply.code(503).send('DISABLED BY FILE') : reply.send('OK')
  })

  // Load balancers send HEAD by default, and would take the 300 of an unknown path as healthy.
  app.head('/healthcheck', async (_request, reply) => reply.code(outOfService() ? 503 : 204).send())

  app.get('/health/live', {
    schema: { response: { 200: Type.Object({ live: Type.Boolean() }) } },
    handler: async () => ({ live: true }),
  })

  app.get('/health/ready', {
    schema: { response: { 200: Readiness, 503: Readiness } },
    handler: async (_request, reply) => {
      const checks = await results('all', () => Promise.all(readiness.map(run)))
      const failing = readiness.filter((_check, index) => checks[index]?.ok === false)
      reply.code(failing.some(({ need }) => need === 'vital') ? 503 : 200)
      return { ready: failing.every(({ need }) => need === 'dispensable'), checks }
    },
  })
}

/** One process, as operators see it. */
export const ShownProcess = Type.Object({
  ...RoleHealth.properties,
  /** The epoch with which it leads or believes to lead; null when it does not. At most one leads. */
  epoch: Type.Union([Type.Integer(), Type.Null()]),
  /** When its latest message arrived, of a process that is gone; null while it is heard. */
  silentSince: Type.Union([Type.String(), Type.Null()]),
})
export type ShownProcess = Static<typeof ShownProcess>

/** The running supervision trees, for operators: it needs a token, as the API does. */
export function supervisorRoute(app: GatewayApp, supervisors: () => readonly ShownProcess[]): void {
  app.get('/health/supervisors', {
    config: { action: 'supervisors:index' },
    schema: { response: { 200: Type.Object({ supervisors: Type.Array(ShownProcess) }) } },
    handler: async () => ({ supervisors: [...supervisors()] }),
  })
}
