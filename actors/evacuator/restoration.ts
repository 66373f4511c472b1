/**
 * Restores the state before the fault, by the rule of instance states
 * (`ops/docs/instance-states.md`): whether an instance is moved, what must precede its evacuation,
 * and which orders bring it to its earlier state on the new host. Pure.
 */
import type { NotificationId } from '../../schema/ids.ts'
import type { MoveOrigin } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { UNCLEAR, type Instance } from '../ports/compute.ts'
import type { End } from './move-phase.ts'
import type { MoveTrack } from './move-track.ts'

type States = Omit<MoveOrigin, 'locked'>

/** The state that the instance gets in the end. */
export type WantedState = 'active' | 'stopped' | 'paused' | 'error'

export type Restoration =
  | { readonly kind: 'leave'; readonly reason: string }
  | { readonly kind: 'move'; readonly wanted: WantedState }

const leave = (reason: string): Restoration => ({ kind: 'leave', reason })
const move = (wanted: WantedState): Restoration => ({ kind: 'move', wanted })

/** Whether an instance may be moved, and which state it gets then. */
export function restorationOf(origin: States): Restoration {
  const { vmState, taskState, powerState } = origin
  const obstacle = taskState === null ? undefined : OBSTACLES[taskState]
  if (obstacle !== undefined) return leave(obstacle)
  switch (vmState) {
    case 'active':
    case 'stopped':
    case 'paused':
    case 'error':
      return move(vmState)
    case 'resized':
      // It stays resized, as its owner chose. Only the way back to the old size is lost.
      return move(powerState === SHUT_DOWN ? 'stopped' : 'active')
    case 'building':
      return taskState === 'spawning' ? move('active') : leave(UNBUILT)
    case UNCLEAR:
      return leave('Nova shows it in a form that cannot be read')
    case 'shelved_offloaded':
      return leave('it is shelved and on no host')
    case 'deleted':
    case 'soft-delete':
      return leave('its owner has deleted it')
    default:
      // suspended, rescued, shelved: their memory or their rescue disk is lost. Their owner may
      // start them.
      return move('stopped')
  }
}

/** Nova's `power_state` of a guest that is shut down. */
const SHUT_DOWN = 4

const UNBUILT = 'its build had not come far enough to be finished elsewhere'
const IN_DELETION = 'its owner is deleting it'
const IN_RESIZE =
  'its disk is between two hosts in a resize, and starting it may lose what is on it'

/** During these tasks, the place of the instance or of its disk is unknown. */
const OBSTACLES: Readonly<Partial<Record<string, string>>> = {
  deleting: IN_DELETION,
  'soft-deleting': IN_DELETION,
  migrating: 'it is being live-migrated and may already run on the other host',
  resize_migrating: IN_RESIZE,
  resize_reverting: IN_RESIZE,
}

/** Whether Nova has begun a rebuild: for us, for someone else, or one that Nova never ends. */
export const isRebuilding = (taskState: string | null): boolean =>
  taskState?.startsWith('rebuild') === true

const EVACUABLE: readonly string[] = ['active', 'stopped', 'error']

/**
 * Whether the instance must be reset to error first, because Nova refuses to evacuate it in its
 * present state.
 */
export const mustReset = ({ vmState, taskState }: States): boolean =>
  taskState !== null || !EVACUABLE.includes(vmState)

/** An order that brings an instance to the wanted state on its new host. */
type RestoringStep = 'stop' | 'pause' | 'call-broken'

/** An order of the last part of a move; the last one unlocks the instance for its owner. */
export type RestoringOrder = RestoringStep | 'unlock'

/**
 * What precedes an evacuation: the lock prevents changes by the owner; the reset to error makes
 * Nova accept the request.
 */
export type Preparation = 'lock' | 'call-broken'

/**
 * reached: nothing is left to do; wait: Nova is changing the instance; impossible: the instance
 * came into another state meanwhile.
 */
export type NextStep =
  | { readonly kind: 'reached' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'step'; readonly step: RestoringStep }
  | { readonly kind: 'impossible'; readonly reason: string }

const step = (name: RestoringStep): NextStep => ({ kind: 'step', step: name })

/**
 * The next order for a moved instance in this state. It depends only on the state, so that any
 * leader can go on.
 */
export function nextStep(wanted: WantedState, now: States): NextStep {
  const { vmState, taskState } = now
  if (taskState !== null) return { kind: 'wait' }
  if (vmState === wanted) return { kind: 'reached' }
  switch (`${vmState} ${wanted}` as const) {
    case 'active stopped':
    case 'active error':
    case 'error stopped':
      return step('stop')
    case 'active paused':
      return step('pause')
    case 'stopped error':
      return step('call-broken')
    default:
      return { kind: 'impossible', reason: `it is ${vmState} now, not ${wanted} as before` }
  }
}

/**
 * Whether the evacuation alone restores the instance. If not, the owner must not interfere with the
 * other orders.
 */
export const isUsual = (origin: MoveOrigin): boolean => {
  const restoration = restorationOf(origin)
  if (restoration.kind === 'leave' || mustReset(origin)) return false
  return restoration.wanted === 'active' || restoration.wanted === 'stopped'
}

/**
 * Whether the instance is in another state than before the fault when it is requested. A failed
 * attempt leaves it in error, whatever Nova showed before.
 */
export const isOtherwise = (now: Instance, { origin, attempts }: MoveTrack): boolean =>
  attempts > 0 || mustReset(now) || now.vmState !== origin.vmState

/**
 * What must precede the evacuation, so that Nova accepts it and the owner does not interfere with
 * later orders.
 */
export function preparationsOf(move: MoveTrack): readonly Preparation[] {
  const { shown: now, origin } = move
  if (now === undefined) return []
  const restoration = restorationOf(origin)
  const isPlain = restoration.kind === 'move' && restoration.wanted === 'active'
  const mayInterfere = !isUsual(origin) || (isOtherwise(now, move) && !isPlain)
  return [
    ...(mayInterfere && !now.locked ? (['lock'] as const) : []),
    // Nova starts what was in error, and leaves stopped what was stopped.
    ...(mustReset(now) || (isPlain && now.vmState === 'stopped') ? (['call-broken'] as const) : []),
  ]
}

/**
 * Whether the instance is read before its move ends. An ordinary one is not, because Nova restores
 * it itself.
 */
export function needsRestoring(
  { origin, lock, askedAs }: MoveTrack,
  outcome: End['outcome'],
): boolean {
  if (lock === 'ours') return true
  const restoration = restorationOf(origin)
  if (outcome !== 'succeeded' || restoration.kind === 'leave') return false
  return restoration.wanted !== 'active' && !(isUsual(origin) && askedAs === 'as-before')
}

/**
 * order: give it; close: the move ends; wait: Nova is changing the instance. `remark`: why it is
 * not in its earlier state.
 */
type Restoring =
  | {
      readonly kind: 'order'
      readonly step: RestoringOrder
      readonly end: End
      readonly remark: string | null
    }
  | {
      readonly kind: 'close'
      readonly end: End
      readonly remark: string | null
      /** The recovery of the instance's new host restores the instance. */
      readonly successor?: NotificationId
    }
  | { readonly kind: 'wait' }

interface SoFar {
  readonly end: End
  /** Why Nova refused the latest order. */
  readonly problem: string | null
  readonly isLate: boolean
}

/** What Nova shows; undefined when the instance no longer exists. */
interface Seen {
  readonly instance: Instance | undefined
  readonly successor: SeenSuccessor | null
}

/** The recovery of the host to which the instance was moved: that host is reported dead, too. */
export interface SeenSuccessor {
  readonly notification: NotificationId
  /** Whether it has planned the instance, or observers doubt the host. */
  readonly isCertain: boolean
}

/**
 * What follows for an instance at the end of its move, from its state in Nova.
 */
export function nextRestoring(
  move: MoveTrack,
  { end, problem, isLate }: SoFar,
  { instance, successor }: Seen,
): Restoring {
  const { remark } = move
  if (instance === undefined) {
    const gone = {
      ...end,
      outcome: 'ignored',
      reason: 'the instance was deleted meanwhile',
    } as const
    return { kind: 'close', end: gone, remark }
  }
  const restoration = restorationOf(move.origin)
  if (end.outcome !== 'succeeded' || restoration.kind === 'leave') {
    return release(move, instance, { end, remark })
  }
  // An order to a dead host has no effect, and the other recovery relies on our lock.
  if (successor !== null && (successor.isCertain || isLate)) {
    const { notification } = successor
    const remark = `${end.dest} failed, too: ${notification} goes on with it`
    return { kind: 'close', end, remark, successor: notification }
  }
  const { wanted } = restoration
  const next = nextStep(wanted, instance)
  switch (next.kind) {
    case 'reached':
      return release(move, instance, { end, remark })
    case 'impossible':
      // A change by an administrator is left as it is. The move records that the instance is not in
      // its earlier state.
      return release(move, instance, { end, remark: next.reason })
    case 'step':
    case 'wait': {
      if (isLate) {
        const reason = lateReason(end.dest, wanted, { ...instance, problem })
        return release(move, instance, { end: { ...end, outcome: 'failed', reason }, remark })
      }
      return next.kind === 'step'
        ? { kind: 'order', step: next.step, end, remark }
        : { kind: 'wait' }
    }
    default:
      return assertNever(next)
  }
}

/** Unlocks the instance for its owner before the move ends. */
const release = (
  { lock }: MoveTrack,
  { locked }: Instance,
  how: { readonly end: End; readonly remark: string | null },
): Restoring =>
  lock === 'ours' && locked ? { kind: 'order', step: 'unlock', ...how } : { kind: 'close', ...how }

function lateReason(
  dest: string | null,
  wanted: WantedState,
  { vmState, taskState, problem }: Pick<Instance, 'vmState' | 'taskState'> & Pick<SoFar, 'problem'>,
): string {
  const task = taskState === null ? '' : ` (${taskState})`
  const why = problem === null ? '' : `: ${problem}`
  return `moved to ${dest}, where it is ${vmState}${task} and was to be ${wanted}${why}`
}
