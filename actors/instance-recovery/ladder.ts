/**
 * What may be done about one failed guest, from everything that Nova and the journal say about it.
 * Pure.
 */
import type { Instance, InstanceAction } from '../ports/compute.ts'

/**
 * Each rung is tried once for a fault: reboot or start, then a rebuild when the segment allows it.
 */
export const RUNGS = ['start', 'hard-reboot', 'rebuild'] as const
export type RestartRung = (typeof RUNGS)[number]

/** A rung that was ordered, as the journal says. */
export interface RungOrder {
  readonly rung: RestartRung
  readonly at: number
  /** The attempt in which it was ordered. */
  readonly run: number
}

export interface Examination {
  /** undefined when the instance was deleted. */
  readonly instance: Instance | undefined
  /** Newest first. */
  readonly actions: readonly InstanceAction[]
  /** Intents for this fault, of this leader and of earlier ones. */
  readonly orders: readonly RungOrder[]
}

/** The name of each rung's action among Nova's instance actions. */
const ACTION_OF: Readonly<Record<RestartRung, string>> = {
  start: 'start',
  'hard-reboot': 'reboot',
  rebuild: 'rebuild',
}

/**
 * The greatest difference expected between Nova's clock and ours, ms. With a larger one, an earlier
 * action of the same kind would be taken for the one that we ordered.
 */
const SKEW_MS = 10_000

/**
 * The rungs that Nova has carried out. When Nova shows no action for an intent, the order was never
 * sent, or was lost.
 */
export function climbed({
  actions,
  orders,
}: Pick<Examination, 'actions' | 'orders'>): readonly RestartRung[] {
  const done = orders.filter(({ rung, at }) =>
    actions.some(
      ({ action, startedAt }) => action === ACTION_OF[rung] && startedAt >= at - SKEW_MS,
    ),
  )
  return [...new Set(done.map(({ rung }) => rung))]
}

/** Rungs from each state, in order. In other states, the owner must restore the guest. */
const LADDERS: Readonly<Record<string, readonly RestartRung[]>> = {
  active: ['hard-reboot', 'rebuild'],
  stopped: ['start', 'hard-reboot', 'rebuild'],
  error: ['hard-reboot', 'rebuild'],
}

/** The next rung; undefined when there is none. */
export function nextRung(
  { vmState, volumeBacked }: Instance,
  tried: readonly RestartRung[],
  mayRebuild: boolean,
): RestartRung | undefined {
  const open = (LADDERS[vmState] ?? []).filter((rung) => !tried.includes(rung))
  // Nova makes a disk anew from an image only. A rebuild does not change a volume.
  return open.find((rung) => rung !== 'rebuild' || (mayRebuild && !volumeBacked))
}

const OWNERS: Readonly<Record<string, string>> = {
  paused: 'its user has paused it',
  suspended: 'its user has suspended it',
  rescued: 'its user repairs it in rescue mode',
  resized: 'its user has not confirmed the resize',
  building: 'it is still being built',
  shelved: 'its user has shelved it',
  shelved_offloaded: 'its user has shelved it',
  'soft-delete': 'it is deleted',
  deleted: 'it is deleted',
}

/** Why nothing is done about an instance in this state; undefined when something may be done. */
export function leftAlone(
  { vmState }: Instance,
  actions: readonly InstanceAction[],
  rules: { readonly touched: boolean; readonly recoverError: boolean },
): string | undefined {
  if (vmState === 'stopped' && isStoppedByUser(actions)) return 'its user has stopped it'
  if (vmState === 'error' && !rules.touched && !rules.recoverError) {
    return 'it is in ERROR, and recover_ignoring_error_instances is off'
  }
  if (vmState in LADDERS) return undefined
  return OWNERS[vmState] ?? `nothing is known about the state ${vmState}`
}

/**
 * When an emulator has died, Nova stops its instance without naming a user. If one of the stops
 * since the last start names a user, the user has stopped the instance; Nova may repeat such a stop
 * without a user when it finds the guest still running.
 */
export function isStoppedByUser(actions: readonly InstanceAction[]): boolean {
  const started = actions.findIndex(({ action }) => STARTING.includes(action))
  const stops = started === -1 ? actions : actions.slice(0, started)
  return stops.some(({ action, user }) => action === 'stop' && user !== null)
}

/** Nova's names of all actions that make a guest run. */
export const STARTING: readonly string[] = [
  'start',
  'reboot',
  'rebuild',
  'create',
  'resume',
  'unshelve',
]

/**
 * Whether a user or an operator has started the instance since then. An action that may be older
 * than the fault does not count.
 */
export const isTakenUp = (actions: readonly InstanceAction[], since: number): boolean =>
  actions.some(({ action, startedAt }) => STARTING.includes(action) && startedAt > since + SKEW_MS)

/** Nova's `power_state` of a guest that runs. */
export const RUNNING = 1

/** True when Nova shows the instance running and without a task. */
export const isRunning = ({ vmState, taskState, powerState }: Instance): boolean =>
  vmState === 'active' && taskState === null && powerState === RUNNING
