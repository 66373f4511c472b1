/**
 * The rehearsal of a host: what would happen if it died now. `/segments/{uuid}/hosts/{uuid}/plan`,
 * since 1.4.
 */
import { Type } from 'typebox'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { InventoryStore } from '../../actors/ports/store.ts'
import type { Host } from '../../schema/records.ts'
import type { Rehearsal } from '../../schema/rehearsal.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { idOf } from '../input/fields.ts'
import { withDeadline } from '../limits/deadline.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import { requireHost } from './hosts.ts'

const TextOrNull = Type.Union([Type.String(), Type.Null()])
const Answer = Type.Object({
  plan: Type.Object({
    host_uuid: Type.String(),
    decision: Type.Enum(['act', 'hold', 'leave']),
    reason: TextOrNull,
    instances: Type.Array(
      Type.Object({
        uuid: Type.String(),
        name: Type.String(),
        fate: Type.Enum(['move', 'wait', 'leave']),
        target: TextOrNull,
        reason: TextOrNull,
      }),
    ),
  }),
})
const Params = Type.Object({ segment: Type.String(), id: Type.String() })
const COMPUTE_TIMEOUT_MS = 20_000

/** What the route needs. */
export interface PlanRouteDependencies {
  readonly store: InventoryStore
  readonly clock: ClockPort
  /** Applies the engine's own rules. It only reads. */
  readonly rehearse: (host: Host, signal: AbortSignal) => Promise<Rehearsal>
}

/** Installs the route. */
export function planRoute(
  app: GatewayApp,
  { store, clock, rehearse }: PlanRouteDependencies,
): void {
  app.get('/segments/:segment/hosts/:id/plan', {
    config: { action: 'os-hosts:plan', since: OWN_MINOR },
    schema: { params: Params, response: { 200: Answer, default: FaultBody } },
    handler: async ({ params }) => {
      const host = await requireHost(store, params.segment, idOf(params.id))
      const { decision, reason, fates } = await withDeadline(
        clock,
        COMPUTE_TIMEOUT_MS,
        'COMPUTE_UNAVAILABLE',
        (signal) => rehearse(host, signal),
      )
      const instances = fates.map(({ instance: uuid, ...rest }) => ({ uuid, ...rest }))
      return { plan: { host_uuid: host.uuid, decision, reason, instances } }
    },
  })
}
