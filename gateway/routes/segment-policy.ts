/**
 * The policy of a segment, such as its fence plan, its limits and the return to service:
 * `/segments/{uuid}/policy`; since 1.4.
 */
import { Type } from 'typebox'
import type { OperatorStore } from '../../actors/ports/operator-store.ts'
import type { InventoryStore } from '../../actors/ports/store.ts'
import type { PolicyChoices, SegmentPolicy } from '../../schema/segment-policy.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { idOf } from '../input/fields.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import {
  Chosen,
  ChosenView,
  chosenView,
  choicesOf,
  PolicyView,
  policyView,
} from '../views/policy-view.ts'
import { requireSegment } from './segments.ts'

/** The complete policy of a segment with this name, whose operators chose these values. */
export type PolicyInForce = (segmentName: string, choices: PolicyChoices) => SegmentPolicy

export interface SegmentPolicyDependencies {
  readonly store: InventoryStore & Pick<OperatorStore, 'getPolicy' | 'setPolicy'>
  readonly policyInForce: PolicyInForce
}

const STRICT = { additionalProperties: false }
const Body = Type.Object({ policy: Chosen }, STRICT)
const Answer = Type.Object({
  /** The complete policy. */
  policy: PolicyView,
  /** What was chosen for this segment. The configuration decides the rest. */
  chosen: ChosenView,
})
const Params = Type.Object({ id: Type.String() })

/** Installs the routes. The policy can be read, and all choices are replaced together. */
export function segmentPolicyRoutes(
  app: GatewayApp,
  { store, policyInForce }: SegmentPolicyDependencies,
): void {
  const url = '/segments/:id/policy'
  app.get(url, {
    config: { action: 'segments:policy', since: OWN_MINOR },
    schema: { params: Params, response: { 200: Answer, default: FaultBody } },
    handler: async ({ params }) => {
      const { uuid, name } = await requireSegment(store, idOf(params.id))
      const choices = await store.getPolicy(uuid)
      return { policy: policyView(policyInForce(name, choices)), chosen: chosenView(choices) }
    },
  })

  app.put(url, {
    config: { action: 'segments:set-policy', since: OWN_MINOR },
    schema: { params: Params, body: Body, response: { 200: Answer, default: FaultBody } },
    handler: async ({ params, body }) => {
      const { uuid, name } = await requireSegment(store, idOf(params.id))
      const choices = choicesOf(body.policy)
      await store.setPolicy(uuid, choices)
      return { policy: policyView(policyInForce(name, choices)), chosen: chosenView(choices) }
    },
  })
}
