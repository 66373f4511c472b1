/** What may be done about one failed guest, by everything that Nova and the journal tell of it. Pure. */
import type { Instance, InstanceAction } from '../ports/compute.ts'

/** Each is tried once for a fault: reboot or start, then a rebuild where the segment allows it. */
export const RUNGS = ['start', 'hard-reboot', 'rebuild'] as const
export type RestartRung = (typeof RUNGS)[number]

/** A rung that the journal says was ordered. */
export interface RungOrder {
  readonly rung: RestartRung
  readonly at: number
  /** The attempt that ordered it. */
  readonly run: number
}

export interface Examination {
  /** Undefined: it was deleted. */
  readonly instance: Instance | undefined
  /** Newest first. */
  readonly actions: readonly InstanceAction[]
  /** Intents for this fault, of this leader and of earlier ones. */
  readonly orders: readonly RungOrder[]
}

/** What each rung is called among Nova's instance actions. */
const ACTION_OF: Readonly<Record<RestartRung, string>> = {
  start: 'start',
  'hard-reboot': 'reboot',
  rebuild: 'rebuild',
}

/** Nova's clock may be off by so much from ours, ms. With more, an earlier action of the same kind would pass for the one that we ordered. */
const SKEW_MS = 10_000

/** The rungs that Nova has carried out: an intent without an action of Nova's was never sent, or lost on its way. */
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

/** Rungs from each state, in order. In other states a guest is left to its owner. */
const LADDERS: Readonly<Record<string, readonly RestartRung[]>> = {
  active: ['hard-reboot', 'rebuild'],
  stopped: ['start', 'hard-reboot', 'rebuild'],
  error: ['hard-reboot', 'rebuild'],
}

/** The next rung, if there is one. */
export function nextRung(
  { vmState, volumeBacked }: Instance,
  tried: readonly RestartRung[],
  mayRebuild: boolean,
): RestartRung | undefined {
  const open = (LADDERS[vmState] ?? []).filter((rung) => !tried.includes(rung))
  // Nova makes a disk anew from an image only; a volume stays what it is.
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
 * Nova stops an instance whose emulator died in nobody's name. Of the stops since it was last started, one that was asked
 * for is its user's own; Nova repeats it in nobody's name when it finds the guest running all the same.
 */
export function isStoppedByUser(actions: readonly InstanceAction[]): boolean {
  const started = actions.findIndex(({ action }) => STARTING.includes(action))
  const stops = started === -1 ? actions : actions.slice(0, started)
  return stops.some(({ action, user }) => action === 'stop' && user !== null)
}

/** What Nova calls everything that makes a guest run. */
export const STARTING: readonly string[] = [
  'start',
  'reboot',
  'rebuild',
  'create',
  'resume',
  'unshelve',
]

/** Whether somebody, its owner or an operator, has made it run since; what may have been before the fault does not count. */
export const isTakenUp = (actions: readonly InstanceAction[], since: number): boolean =>
  actions.some(({ action, startedAt }) => STARTING.includes(action) && startedAt > since + SKEW_MS)

/** Nova's `power_state` of a guest that runs. */
export const RUNNING = 1

/** True when Nova shows it at work. */
export const isRunning = ({ vmState, taskState, powerState }: Instance): boolean =>
  vmState === 'active' && taskState === null && powerState === RUNNING
