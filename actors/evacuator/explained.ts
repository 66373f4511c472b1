/** A failure with Nova's own words about it: asked for only when something failed. */
import type { InstanceId } from '../../schema/ids.ts'
import { isComputeTrouble } from '../ports/compute.ts'
import type { EvacuationContext } from './evacuation-context.ts'

interface Failure {
  readonly instance: InstanceId
  readonly reason: string
  readonly ask: 'nova' | 'nobody'
}

/** The reason, and what Nova adds to it. */
export async function explained(
  { world, signal }: EvacuationContext,
  { instance, reason, ask }: Failure,
): Promise<string> {
  if (ask === 'nobody') return reason
  try {
    const words = await world.compute.explainFailure(instance, signal)
    return words === undefined ? reason : `${reason}: ${words}`
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return reason // a failure without its reason is a failure still
  }
}
