/** What would become of a host and its instances if it died now. */
import type { HostName, InstanceId } from './ids.ts'

/** move: it would be sent to the target, or wherever Nova's scheduler likes; wait: until there is room; leave: not touched. */
export interface Fate {
  readonly instance: InstanceId
  readonly name: string
  readonly fate: 'move' | 'wait' | 'leave'
  readonly target: HostName | null
  readonly reason: string | null
}

/** act: it would be fenced and its instances moved; hold: not before something changes; leave: nothing would be done. */
export interface Rehearsal {
  readonly decision: 'act' | 'hold' | 'leave'
  readonly reason: string | null
  /** In the order in which they would be asked for. */
  readonly fates: readonly Fate[]
}
