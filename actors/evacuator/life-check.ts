/** Checks before each irreversible step whether the fenced host is alive again. */
import type { EvacuationContext } from './evacuation-context.ts'

export interface LifeObjection {
  /** wait: check again later; forbid: the evacuation ends, and the segment decides again. */
  readonly answer: 'wait' | 'forbid'
  readonly reason: string
  /** Whether this reason is new and is therefore written into the journal. */
  readonly isNews: boolean
}

/**
 * Why nothing may be begun although the host was fenced; undefined when the host is still dead. The
 * host may have been switched on while Compute did not answer, or while instances waited for
 * capacity. An instance that runs on it must not be started elsewhere.
 */
export async function checkForLife(context: EvacuationContext): Promise<LifeObjection | undefined> {
  const { world, order, signal } = context
  const { host, hostId } = order
  const { life, isNews, diedAtMs = -Infinity } = await world.powerRechecks.look(hostId, signal)
  const { observations } = world
  if (observations.seenWell(hostId)) {
    // A report from before the power-off does not prove life. Nothing is begun until it is out of
    // date, because observers report again within seconds.
    return life !== 'none' || observations.seenWell(hostId, diedAtMs + observations.freshMs)
      ? { answer: 'forbid', reason: `${host} is seen alive after its fence`, isNews: false }
      : { answer: 'wait', reason: `${host} was seen alive until its fence`, isNews: false }
  }
  if (life === 'none') return undefined
  const reason = `${host} has power again after its fence`
  if (life === 'hung') {
    return { answer: 'forbid', reason: `${reason}, and does not come up`, isNews: false }
  }
  return { answer: 'wait', reason: `${reason}: it may be booting, and nothing is begun`, isNews }
}
