/**
 * Checks that every instance ends in the state in which its owner left it, by the table of instance
 * states, and with the same locks.
 */
import { restorationOf } from '../../actors/evacuator/restoration.ts'
import type { VmMove } from '../../schema/records.ts'
import type { InstanceRow } from '../../transports/simulated/nova-rows.ts'
import type { ExpectedState } from '../../transports/simulated/expected-states.ts'
import type { Deployment } from './deployment.ts'

/**
 * One sentence for each instance that does not. `moves` are in the order in which they were
 * planned; `touched` are guests that the plan itself has damaged.
 */
export async function checkInstances(
  { cloud, store }: Deployment,
  moves: readonly VmMove[],
  touched: ReadonlySet<string>,
): Promise<readonly string[]> {
  const unfinished = await store.listUnfinished()
  const open = new Set<string>(unfinished.map(({ notification }) => notification.uuid))
  const inHand = new Set(
    moves.filter((move) => open.has(move.notification)).map((each) => each.instance),
  )
  const latest = new Map(moves.map((move) => [move.instance, move]))
  return cloud.instances.flatMap((row) => {
    const wish = cloud.wishOf(row.id)
    if (wish === undefined || inHand.has(row.id)) return []
    const state = touched.has(row.name) ? [] : checkState(row, wish, latest.get(row.id))
    return [...state, ...checkLock(row, wish)]
  })
}

function checkLock(
  { name, locked }: Readonly<InstanceRow>,
  wish: ExpectedState,
): readonly string[] {
  if (locked === wish.locked) return []
  return [locked ? `A7 ${name} is still locked by us` : `A7 ${name} has lost its owner's lock`]
}

function checkState(
  { name, vmState, taskState }: Readonly<InstanceRow>,
  wish: ExpectedState,
  move: VmMove | undefined,
): readonly string[] {
  if (wish.vmState === null || move === undefined) return []
  const restoration = restorationOf({ ...wish, vmState: wish.vmState })
  if (restoration.kind === 'leave') {
    const isLeft = vmState === wish.vmState && taskState === wish.taskState
    return isLeft ? [] : [`A2 ${name} was to be left ${wish.vmState}, and is ${vmState}`]
  }
  if (move.status !== 'succeeded' || vmState === restoration.wanted) return []
  // What the owner did with the instance on its new host is kept. An evacuation alone never ends in
  // such a state.
  if (vmState === wish.vmState) return []
  return [`A2 ${name} was ${wish.vmState}, was moved, and is ${vmState}`]
}
