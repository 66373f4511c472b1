/** Whether the guest of a moved instance is back, by what the instance monitor of its new host says. Pure. */
import type { ListedGuest } from '../../schema/messages/observation.ts'
import { restorationOf } from '../evacuator/restoration.ts'
import { isStoppedByUser } from '../instance-recovery/ladder.ts'
import type { Instance, InstanceAction } from '../ports/compute.ts'
import type { AwaitedGuest } from '../ports/guest-store.ts'
import type { HeardList } from './guest-lists.ts'

/** What is known about one guest. */
export interface GuestSight {
  /** By our monotonic clock. */
  readonly nowMs: number
  /** When we first read that the move has succeeded, monotonic. */
  readonly followedSinceMs: number
  /** The latest list of the new host. */
  readonly there: HeardList | undefined
  /** The latest list of the host that died. */
  readonly before: HeardList | undefined
}

export type GuestVerdict =
  | { readonly kind: 'heard'; readonly how: 'agent' | 'running'; readonly agoMs: number }
  | { readonly kind: 'not-expected'; readonly reason: string }
  | { readonly kind: 'wait' }
  /** It is waited for no longer; Nova may know the reason. */
  | { readonly kind: 'give-up'; readonly reason: string }

/** A guest that cannot boot, or whose emulator cannot read its disk, ends within seconds. */
export const GRACE_MS = 30_000
/** A guest with a channel for an agent may need so long to boot. Many images have the channel and no agent. */
export const AGENT_GRACE_MS = 300_000
/**
 * A guest that boots longer than this is looked at by people. A new leader follows it for as long again: it may not have heard what the
 * earlier one has.
 */
export const FOLLOWED_MS = 900_000

const WAIT: GuestVerdict = { kind: 'wait' }

/** What follows from what is known now. */
export function verdictOf(move: AwaitedGuest, sight: GuestSight): GuestVerdict {
  const restoration = restorationOf(move.origin)
  if (restoration.kind === 'leave' || restoration.wanted !== 'active') {
    return { kind: 'not-expected', reason: `it was ${move.origin.vmState} before the fault` }
  }
  const list = freshList(sight)
  const guest = list?.guests.get(move.instance)
  if (list !== undefined && guest !== undefined) {
    const { agent, runsForMs, answersForMs } = guest
    const sinceMs = Math.round(sight.nowMs - list.atMs) // the monotonic clock has fractions
    if (agent !== 'none' && answersForMs !== undefined) {
      return { kind: 'heard', how: 'agent', agoMs: sinceMs + answersForMs }
    }
    const graceMs = graceOf(move, guest, sight)
    if (runsForMs >= graceMs) {
      return { kind: 'heard', how: 'running', agoMs: sinceMs + runsForMs - graceMs }
    }
  }
  const isOver = sight.nowMs - sight.followedSinceMs >= FOLLOWED_MS
  return isOver ? { kind: 'give-up', reason: whyNot(guest, list) } : WAIT
}

/**
 * The list only counts when it came after we knew that the move has succeeded. So no clocks of two machines are compared, and nothing
 * counts that was said of an earlier life of the instance on that host.
 */
const freshList = ({ there, followedSinceMs }: GuestSight): HeardList | undefined =>
  there !== undefined && there.atMs > followedSinceMs ? there : undefined

/** How long it must run to be back without its agent. */
function graceOf(
  { instance }: AwaitedGuest,
  { agent }: ListedGuest,
  { before }: GuestSight,
): number {
  if (agent === 'none') return GRACE_MS
  const earlier = before?.guests.get(instance)
  if (earlier === undefined) return AGENT_GRACE_MS
  // Its agent answered before the fault: without it, the guest is not back.
  if (earlier.answersForMs !== undefined) return Infinity
  return earlier.runsForMs < AGENT_GRACE_MS ? AGENT_GRACE_MS : GRACE_MS
}

function whyNot(guest: ListedGuest | undefined, list: HeardList | undefined): string {
  if (list === undefined) return 'the instance monitor of its host was not heard'
  if (guest === undefined) return 'its host does not run it'
  return guest.agent === 'none'
    ? 'it did not run for long enough without a break'
    : 'it runs, and its agent does not answer'
}

/** What Nova says of a guest that was not heard in time: whether somebody wanted that, and why it was not heard otherwise. */
export function lastWord(
  { destHost }: AwaitedGuest,
  found: string,
  instance: Instance | undefined,
  actions: readonly InstanceAction[],
): { readonly state: 'not_expected' | 'not_heard'; readonly reason: string } {
  if (instance === undefined) return { state: 'not_expected', reason: 'it was deleted' }
  const { vmState, host } = instance
  if (host !== destHost) return { state: 'not_expected', reason: 'it has left that host' }
  if (vmState === 'active') return { state: 'not_heard', reason: found }
  if (vmState === 'stopped' && isStoppedByUser(actions)) {
    return { state: 'not_expected', reason: 'its user has stopped it' }
  }
  const isByFault = vmState === 'stopped' || vmState === 'error'
  return {
    state: isByFault ? 'not_heard' : 'not_expected',
    reason: isByFault ? `Nova calls it ${vmState}, and ${found}` : `it is ${vmState}`,
  }
}
