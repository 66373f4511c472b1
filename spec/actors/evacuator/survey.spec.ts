/** The survey of a host whose instances have been moved: one request when none is left. */
import test from 'ava'
import type { EvacuationContext } from '../../../actors/evacuator/evacuation-context.ts'
import { surveyEmptied } from '../../../actors/evacuator/survey.ts'
import type { Instance } from '../../../actors/ports/compute.ts'
import { instanceRow } from '../records.ts'
import { ORDER } from './evacuator-steps.ts'

/** A cloud that can list the instances of the host, and can be asked for nothing else. */
const contextWith = (instances: readonly Instance[]): EvacuationContext => {
  const compute = { listInstances: async () => instances }
  const world = { compute, clock: { monotonicMs: () => 7000 } }
  const { signal } = new AbortController()
  return { world, order: ORDER, signal } as unknown as EvacuationContext // safe: nothing else is used
}

test('when no instance is left, nothing is planned, and nothing but the list is read', async (t) => {
  t.like(await surveyEmptied(contextWith([])), { instances: [], hosts: [], atMs: 7000 })
})

test('an instance that Nova did not show before makes a whole survey necessary', async (t) => {
  t.is(await surveyEmptied(contextWith([instanceRow()])), undefined)
})
