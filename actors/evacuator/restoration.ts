/**
 * The rule of instance states (`ops/docs/instance-states.md`): from what an instance was before the fault follows whether
 * it is moved, and what it is afterwards. Pure; everything else is driven towards the answer.
 */
import { UNCLEAR } from '../ports/compute.ts'
import type { MoveOrigin } from '../../schema/records.ts'

type States = Omit<MoveOrigin, 'locked'>

/** What it is to be in the end. */
export type WantedState = 'active' | 'stopped' | 'paused' | 'error'

export type Restoration =
  | { readonly kind: 'leave'; readonly reason: string }
  | { readonly kind: 'move'; readonly wanted: WantedState }

const leave = (reason: string): Restoration => ({ kind: 'leave', reason })
const move = (wanted: WantedState): Restoration => ({ kind: 'move', wanted })

/** Whether an instance may be moved, and what it is to be then. */
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
      // Where it is counts as the place that its owner chose; only the way back is lost.
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
      // suspended, rescued, shelved: their memory or their rescue disk is gone; their owner starts them when he wants.
      return move('stopped')
  }
}

const SHUT_DOWN = 4

const UNBUILT = 'its build had not come far enough to be finished elsewhere'
const IN_DELETION = 'its owner is deleting it'
const IN_RESIZE =
  'its disk is between two hosts in a resize, and starting it may lose what is on it'

/** Tasks in whose middle nobody can tell where the instance or its disk is. */
const OBSTACLES: Readonly<Partial<Record<string, string>>> = {
  deleting: IN_DELETION,
  'soft-deleting': IN_DELETION,
  migrating: 'it is being live-migrated and may already run on the other host',
  resize_migrating: IN_RESIZE,
  resize_reverting: IN_RESIZE,
}

/** A rebuild that Nova has begun: ours, somebody else's, or one that nobody ends any more. */
export const isRebuilding = (taskState: string | null): boolean =>
  taskState?.startsWith('rebuild') === true

const EVACUABLE: readonly string[] = ['active', 'stopped', 'error']

/** Nova refuses to evacuate anything else: it is called broken first. */
export const mustReset = ({ vmState, taskState }: States): boolean =>
  taskState !== null || !EVACUABLE.includes(vmState)

/** A step towards the wanted state, once an instance is on its new host. */
export type RestoringStep = 'stop' | 'pause' | 'call-broken'

/** reached: nothing is left to do; wait: Nova is at work on it; impossible: it went another way meanwhile. */
export type NextStep =
  | { readonly kind: 'reached' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'step'; readonly step: RestoringStep }
  | { readonly kind: 'impossible'; readonly reason: string }

const step = (name: RestoringStep): NextStep => ({ kind: 'step', step: name })

/** What to do with a moved instance, seen as it is now: whoever looks again goes on where the last one stopped. */
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

/** Whether anything is to be done beside the evacuation itself: then its owner must not interfere. */
export const isUsual = (origin: MoveOrigin): boolean => {
  const restoration = restorationOf(origin)
  if (restoration.kind === 'leave' || mustReset(origin)) return false
  return restoration.wanted === 'active' || restoration.wanted === 'stopped'
}
