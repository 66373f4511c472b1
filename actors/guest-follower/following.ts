/**
 * Follows the guests of moved instances until they are heard, round by round. It never changes the end of a move or of a recovery. Pure.
 *
 * what is known → what follows
 *  the guests that are followed, and what the monitors say → each is judged, and what is certain is recorded
 *  nothing was heard of a guest in time → Nova is asked about its instance
 *  Nova calls it stopped → its history is read
 *  Nova has answered → it is recorded why nothing was heard
 *  it is recorded → it is announced
 *  the guest is not followed any more → nothing
 *  it is announced → nothing
 *  Nova or the store is away → the next round begins anew
 */
import type { HostName, MoveId } from '../../schema/ids.ts'
import type { WireBody } from '../../schema/messages/catalogue.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { goOn, type PeriodicDecision } from '../kernel/periodic.ts'
import type { Instance, InstanceAction } from '../ports/compute.ts'
import type { AwaitedGuest, GuestCount, GuestEnd } from '../ports/guest-store.ts'
import { lastWord, verdictOf } from './finish-line.ts'
import type { HeardList } from './guest-lists.ts'

/** A guest of which nothing was heard, and what was found instead. */
interface Unheard {
  readonly move: AwaitedGuest
  readonly found: string
}

export type FollowingTask =
  | { readonly type: 'guests.list' }
  | ({ readonly type: 'guest.look' } & Unheard)
  | ({ readonly type: 'guest.read-history'; readonly instance: Instance } & Unheard)
  | { readonly type: 'guest.record'; readonly move: AwaitedGuest; readonly end: TimedEnd }
  | { readonly type: 'guest.announce'; readonly body: WireBody<'guest.followed'> }

/** The end of a guest, and how long ago it came. */
export type TimedEnd = Omit<GuestEnd, 'at'> & { readonly agoMs: number }

export type FollowingAnswer =
  | {
      readonly type: 'guests.listed'
      readonly moves: readonly AwaitedGuest[]
      /** The latest lists of all their hosts. */
      readonly lists: ReadonlyMap<HostName, HeardList>
      readonly atMs: number
    }
  | ({ readonly type: 'guest.looked'; readonly instance: Instance | undefined } & Unheard)
  | ({
      readonly type: 'guest.history-read'
      readonly instance: Instance
      readonly actions: readonly InstanceAction[]
    } & Unheard)
  | {
      readonly type: 'guest.recorded'
      readonly move: AwaitedGuest
      readonly end: GuestEnd
      readonly count: GuestCount | undefined
    }
  | { readonly type: 'guest.announced' }
  | { readonly type: 'following.away' }

/** Since when each guest is followed by us, monotonic. */
export type Followed = ReadonlyMap<MoveId, number>

type FollowingDecision = PeriodicDecision<Followed, FollowingTask>
type Answer<Type extends FollowingAnswer['type']> = FollowingAnswer & { readonly type: Type }

/** What follows from one answer. */
export function decideFollowing(followed: Followed, answer: FollowingAnswer): FollowingDecision {
  switch (answer.type) {
    case 'guests.listed':
      return onListed(followed, answer)
    case 'guest.looked': {
      const { move, found, instance } = answer
      return instance?.vmState === 'stopped'
        ? goOn(followed, [{ type: 'guest.read-history', move, found, instance }])
        : goOn(followed, [endWithout(answer, instance, [])])
    }
    case 'guest.history-read':
      return goOn(followed, [endWithout(answer, answer.instance, answer.actions)])
    case 'guest.recorded':
      return goOn(followed, announcementOf(answer))
    case 'guest.announced':
      return goOn(followed)
    case 'following.away':
      return { kind: 'end-round', memory: followed }
    default:
      return assertNever(answer)
  }
}

function onListed(before: Followed, { moves, lists, atMs }: Answer<'guests.listed'>) {
  const followed = new Map(moves.map(({ uuid }) => [uuid, before.get(uuid) ?? atMs]))
  const tasks = moves.flatMap((move): readonly FollowingTask[] => {
    const verdict = verdictOf(move, {
      nowMs: atMs,
      followedSinceMs: followed.get(move.uuid) ?? atMs,
      there: move.destHost === null ? undefined : lists.get(move.destHost),
      before: lists.get(move.sourceHost),
    })
    switch (verdict.kind) {
      case 'wait':
        return []
      case 'give-up':
        return [{ type: 'guest.look', move, found: verdict.reason }]
      case 'not-expected': {
        const end = { state: 'not_expected', agoMs: 0, reason: verdict.reason } as const
        return [{ type: 'guest.record', move, end }]
      }
      case 'heard': {
        const { how: state, agoMs } = verdict
        return [{ type: 'guest.record', move, end: { state, agoMs, reason: HEARD[state] } }]
      }
      default:
        return assertNever(verdict)
    }
  })
  return goOn<Followed, FollowingTask>(followed, tasks)
}

const HEARD = {
  agent: 'its agent answers',
  running: 'it runs without a break, and has no agent that answers',
} as const

function endWithout(
  { move, found }: Unheard,
  instance: Instance | undefined,
  actions: readonly InstanceAction[],
): FollowingTask {
  const end = { ...lastWord(move, found, instance, actions), agoMs: 0 }
  return { type: 'guest.record', move, end }
}

function announcementOf({
  move,
  end: { state, at, reason },
  count,
}: Answer<'guest.recorded'>): readonly FollowingTask[] {
  const { notification, instance, instanceName, destHost, reportedAt } = move
  if (count === undefined || destHost === null) return []
  const isHeard = state === 'agent' || state === 'running'
  const afterMs = isHeard ? Math.max(0, at - reportedAt) : null
  const about = { notification, instance, instanceName, host: destHost }
  return [{ type: 'guest.announce', body: { ...about, state, reason, afterMs, ...count } }]
}
