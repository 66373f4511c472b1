/** Follows the guests of moved instances, for as long as we lead: looks at the store and at what the instance monitors say. */
import type { Epoch, HostName } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { Definition } from '../kernel/behaviour.ts'
import { definePeriodic, part, type LookNow } from '../kernel/periodic.ts'
import { SUPERVISION } from '../supervision.ts'
import type { LeadershipTerm } from '../leadership/leadership-term.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import { isComputeTrouble, type ComputePort } from '../ports/compute.ts'
import type { AwaitedGuest, GuestStore } from '../ports/guest-store.ts'
import { isStoreAway } from '../ports/store.ts'
import {
  decideFollowing,
  type Followed,
  type FollowingAnswer,
  type FollowingTask,
} from './following.ts'
import type { GuestLists, HeardList } from './guest-lists.ts'

export type GuestFollowerMessage = LookNow

/** What the guest follower needs of the world. */
export interface GuestFollowerWorld {
  readonly clock: ClockPort
  readonly store: GuestStore
  readonly term: LeadershipTerm
  readonly compute: Pick<ComputePort, 'getInstance' | 'listActions'>
  readonly announcer: Announcer
  readonly guestLists: GuestLists
}

/** One indexed query; a guest is shown as heard so much later at most. */
const PAUSE_MS = 2000
/** More moves than end in the time that a guest is followed. The others have their turn when these are through. */
const FOLLOWED_MAX = 1000

/** The actor that follows guests, with one epoch. */
export function defineGuestFollower(
  world: GuestFollowerWorld,
  epoch: Epoch,
): Definition<GuestFollowerMessage> {
  return definePeriodic({
    parts: [
      part<Followed, FollowingTask, FollowingAnswer>({
        initial: new Map(),
        first: { type: 'guests.list' },
        decide: decideFollowing,
        perform: (task, signal) => answerOf(world, epoch, task, signal),
      }),
    ],
    firstPauseMs: PAUSE_MS,
    pauseMs: PAUSE_MS,
    policy: SUPERVISION['guest-follower'],
  })
}

async function answerOf(
  world: GuestFollowerWorld,
  epoch: Epoch,
  task: FollowingTask,
  signal: AbortSignal,
): Promise<FollowingAnswer> {
  try {
    return await perform(world, epoch, task, signal)
  } catch (error) {
    const isAway = isStoreAway(error)
    if (!isAway && !isComputeTrouble(error)) throw error
    return { type: 'following.away' }
  }
}

async function perform(
  world: GuestFollowerWorld,
  epoch: Epoch,
  task: FollowingTask,
  signal: AbortSignal,
): Promise<FollowingAnswer> {
  const { clock, store, term, compute, announcer } = world
  switch (task.type) {
    case 'guests.list': {
      const moves = await store.listAwaitedGuests(FOLLOWED_MAX)
      const lists = listsOf(world, moves)
      return { type: 'guests.listed', moves, lists, atMs: clock.monotonicMs() }
    }
    case 'guest.look': {
      const { move, found } = task
      const instance = await compute.getInstance(move.instance, signal)
      return { type: 'guest.looked', move, found, instance }
    }
    case 'guest.read-history': {
      const { move, found, instance } = task
      const actions = await compute.listActions(move.instance, signal)
      return { type: 'guest.history-read', move, found, instance, actions }
    }
    case 'guest.record': {
      const { move } = task
      const { agoMs, ...about } = task.end
      term.assert(epoch)
      const end = { ...about, at: clock.wallMs() - agoMs }
      const count = await store.recordGuest(epoch, move.uuid, end)
      return { type: 'guest.recorded', move, end, count }
    }
    case 'guest.announce':
      announcer.announce('guest.followed', task.body)
      return { type: 'guest.announced' }
    default:
      return assertNever(task)
  }
}

/** The lists of the hosts that these moves are about, each read once. */
function listsOf(
  { guestLists }: GuestFollowerWorld,
  moves: readonly AwaitedGuest[],
): ReadonlyMap<HostName, HeardList> {
  const hosts = new Set(
    moves.flatMap(({ sourceHost, destHost }) => [sourceHost, destHost ?? sourceHost]),
  )
  const lists = new Map<HostName, HeardList>()
  for (const host of hosts) {
    const list = guestLists.of(host)
    if (list !== undefined) lists.set(host, list)
  }
  return lists
}
