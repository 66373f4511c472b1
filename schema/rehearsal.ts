/**
 * The result of a rehearsal: what would happen to a host and its instances if the host died now.
 */
import type { HostName, InstanceId } from './ids.ts'

/**
 * move: the instance would be sent to the target, or to a host that Nova's scheduler chooses; wait:
 * it would wait for room; leave: it would not be touched.
 */
export interface Fate {
  readonly instance: InstanceId
  readonly name: string
  readonly fate: 'move' | 'wait' | 'leave'
  readonly target: HostName | null
  readonly reason: string | null
}

/**
 * act: the host would be fenced and its instances moved; hold: nothing would be done until
 * something changes; leave: nothing would be done.
 */
export interface Rehearsal {
  readonly decision: 'act' | 'hold' | 'leave'
  readonly reason: string | null
  /** In the order in which the moves would be requested. */
  readonly fates: readonly Fate[]
}
