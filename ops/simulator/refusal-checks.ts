/**
 * Checks that a refusal by Nova's scheduler neither ends the recovery of an instance nor changes
 * its state.
 */
import type { VmMove } from '../../schema/records.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'

/**
 * One sentence for each instance that refusals have harmed. A host that is back ends its recovery,
 * so its instances are not checked. `moves` are those of all recoveries that were not cancelled, in
 * their order. A guest that the plan has broken may be in error because it did not start again.
 */
export function checkRefusals(
  cloud: SimulatedCloud,
  moves: readonly VmMove[],
  touched: ReadonlySet<string>,
): readonly string[] {
  const latest = new Map(moves.map((move) => [move.instance, move]))
  return [...latest.values()].flatMap((move) => {
    const row = cloud.instances.find(({ id }) => id === move.instance)
    const refusals = cloud.refusalsOf(move.instance)
    if (row === undefined || refusals === 0 || row.host !== move.sourceHost) return []
    const { instanceName: name, status, attempts } = move
    const isDead = cloud.machine(move.sourceHost).power === 'off'
    if (isDead && status === 'failed' && attempts > 0 && attempts <= refusals) {
      return [`L4 ${name} was given up although only Nova's scheduler has refused it`]
    }
    const wasActive = cloud.wishOf(move.instance)?.vmState === 'active'
    return wasActive && !touched.has(name) && isLeftInError(row)
      ? [`A2 ${name} was active, was refused, and is left in error`]
      : []
  })
}

const isLeftInError = ({ vmState, taskState }: SimulatedCloud['instances'][number]): boolean =>
  vmState === 'error' && taskState === null
