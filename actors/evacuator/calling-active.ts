/** Undoes what a refused evacuation does to an instance that was active: Nova leaves it in error. */
import type { InstanceId } from '../../schema/ids.ts'
import type { MoveOrigin } from '../../schema/records.ts'
import { withIntent } from '../leadership/intent.ts'
import { pause, untilStored } from '../leadership/until-stored.ts'
import { isComputeTrouble } from '../ports/compute.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import { isRebuilding } from './restoration.ts'

/** Nova closes the record first and changes the instance a moment later, or it does not answer for a while. */
const LOOKS_MAX = 20
const PAUSE_MS_MIN = 500
const PAUSE_MS_MAX = 10_000

/** Only of an instance that is still on the dead host. Does nothing when an operator forbids it. */
export async function callActiveAgain(
  context: EvacuationContext,
  instance: InstanceId,
  { vmState }: MoveOrigin,
): Promise<void> {
  if (vmState !== 'active') return
  const { world, signal } = context
  let pauseMs = PAUSE_MS_MIN
  for (let looks = 1; looks <= LOOKS_MAX; looks += 1) {
    if ((await lookAt(context, instance)) === 'as-it-was') return
    await pause(world.clock, pauseMs)
    signal.throwIfAborted()
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
  }
}

type Sight = 'as-it-was' | 'unclear'

async function lookAt(context: EvacuationContext, instance: InstanceId): Promise<Sight> {
  try {
    return await putRight(context, instance)
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return 'unclear'
  }
}

async function putRight(context: EvacuationContext, instance: InstanceId): Promise<Sight> {
  const { world, order, signal } = context
  const now = await world.compute.getInstance(instance, signal)
  if (now === undefined || now.host !== order.host) return 'as-it-was'
  if (isRebuilding(now.taskState)) return 'unclear'
  if (now.vmState !== 'error' || now.taskState !== null) return 'as-it-was'
  const { notification } = order
  const detail = 'reset its state to active: a refused evacuation has left it in error'
  const entry = { notification, step: 'call-active', subject: instance, detail }
  await untilStored(world.clock, signal, () =>
    withIntent(world, order.epoch, entry, () => world.compute.callActive(instance, signal)),
  )
  return 'as-it-was'
}
