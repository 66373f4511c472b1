/**
 * Checks that an instance that ran before the fault, and was left on a host that is back in
 * service, runs again.
 */
import { isLeftStopped, isNobodys } from '../../actors/reconciler/left-stopped.ts'
import type { Deployment } from './deployment.ts'

/**
 * One sentence for each instance that was not started. `cancelled` are recoveries that an operator
 * has taken over.
 */
export async function checkLeftStopped(
  { cloud, store }: Deployment,
  cancelled: ReadonlySet<string>,
): Promise<readonly string[]> {
  const moves = await store.listLeftStopped(0)
  return moves.flatMap((move) => {
    const row = cloud.instances.find(({ id }) => id === move.instance)
    if (row === undefined || cancelled.has(move.notification)) return []
    if (!isLeftStopped(move, row) || !cloud.machine(move.sourceHost).serves) return []
    if (!isNobodys(move, cloud.actionsOf(row.id))) return []
    return [`A2 ${row.name} ran before the fault, and is left stopped on ${move.sourceHost}`]
  })
}
