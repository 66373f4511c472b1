/**
 * The progress of a recovery: in the form that clients know (`recovery_workflow_details`), and in
 * figures.
 */
import { Type, type Static } from 'typebox'
import type { NotificationStore } from '../../actors/ports/store.ts'
import type { JournalEntry, Notification, NotificationType } from '../../schema/records.ts'
import {
  MOVE_STATUSES,
  UNFINISHED_STATUSES,
  type GuestState,
  type VmMove,
} from '../../schema/records.ts'
import { detailTimeText } from './times.ts'

/** One task of a recovery. */
export interface TaskProgress {
  readonly name: string
  readonly progress: number
  readonly state: 'SUCCESS' | 'FAILURE' | 'RUNNING'
  readonly progress_details: {
    readonly timestamp: string
    readonly progress: string
    readonly message: string
  }[]
}

/**
 * A task shows the journal lines of one step. When a step has several tasks, each of them shows one
 * kind of line.
 */
interface Task {
  readonly name: string
  readonly step: string
  readonly reports: readonly ('intent' | 'outcome')[]
}

const UNFINISHED_MAX = 0.9

const BOTH = ['intent', 'outcome'] as const

/** Names of the tasks, in the order of Masakari's flow. */
const TASKS: Readonly<Record<NotificationType, readonly Task[]>> = {
  COMPUTE_HOST: [
    { name: 'DisableComputeServiceTask', step: 'isolate', reports: BOTH },
    { name: 'PrepareHAEnabledInstancesTask', step: 'plan', reports: BOTH },
    { name: 'EvacuateInstancesTask', step: 'evacuate', reports: BOTH },
  ],
  VM: [
    { name: 'StopInstanceTask', step: 'restart', reports: ['intent'] },
    { name: 'StartInstanceTask', step: 'restart', reports: ['intent'] },
    { name: 'ConfirmInstanceActiveTask', step: 'restart', reports: ['outcome'] },
  ],
  PROCESS: [
    { name: 'DisableComputeNodeTask', step: 'disable-service', reports: ['intent'] },
    { name: 'ConfirmComputeNodeDisabledTask', step: 'disable-service', reports: ['outcome'] },
  ],
}

/**
 * The attempts one after the other, each with its tasks in the order of the flow. A task without
 * journal lines is left out.
 */
export function workflowDetails(
  notification: Notification,
  journal: readonly JournalEntry[],
): readonly TaskProgress[] {
  const runs = [...new Set(journal.map(({ run }) => run))].toSorted((a, b) => a - b)
  return runs.flatMap((run) =>
    tasksOf(
      notification,
      run,
      journal.filter((entry) => entry.run === run),
    ),
  )
}

function tasksOf(
  notification: Notification,
  run: number,
  journal: readonly JournalEntry[],
): readonly TaskProgress[] {
  const ending = endingOf(notification, run)
  const reported = TASKS[notification.type].flatMap((task) => {
    const step = journal.filter((entry) => entry.step === task.step && isStep(entry))
    const lines = step.filter((entry) => task.reports.some((kind) => kind === entry.kind))
    return lines.length === 0 ? [] : [{ name: task.name, step, lines }]
  })
  // Tasks follow each other: all but the last are done, and the last has the state of the attempt.
  return reported.map((task, index) =>
    progressOf(task, index === reported.length - 1 ? ending : 'SUCCESS'),
  )
}

const isStep = (entry: JournalEntry): boolean => entry.kind === 'intent' || entry.kind === 'outcome'

interface Reported {
  readonly name: string
  readonly step: readonly JournalEntry[]
  readonly lines: readonly JournalEntry[]
}

function progressOf({ name, step, lines }: Reported, state: TaskProgress['state']): TaskProgress {
  return {
    name,
    state,
    // An outcome says that a request was accepted. Only the end of the recovery proves that
    // everything is done.
    progress: state === 'SUCCESS' ? 1 : Math.min(doneShare(step), UNFINISHED_MAX),
    progress_details: lines.map((line) => ({
      timestamp: detailTimeText(line.at),
      progress: doneShare(step.slice(0, step.indexOf(line) + 1)).toFixed(1),
      message: line.detail,
    })),
  }
}

/**
 * An attempt has failed when another one follows it or is due. The latest attempt has the state of
 * the recovery. When a recovery was ended early (`ignored`: cancelled, or superseded), its last
 * task was not done, and clients know only FAILURE for that.
 */
function endingOf(
  { status, run: latest, firstRun }: Notification,
  run: number,
): TaskProgress['state'] {
  const superseded = run < latest || (run > 0 && run < firstRun)
  if (superseded) return 'FAILURE'
  if (status === 'new' || status === 'running') return 'RUNNING'
  return status === 'finished' ? 'SUCCESS' : 'FAILURE'
}

/** The share of the subjects (hosts, instances) whose last line is an outcome. */
function doneShare(step: readonly JournalEntry[]): number {
  const lastKind = new Map(step.map((entry) => [entry.subject, entry.kind]))
  if (lastKind.size === 0) return 0
  return [...lastKind.values()].filter((kind) => kind === 'outcome').length / lastKind.size
}

/** How many instances are in which state, and how much of the recovery is done. */
export const MovesProgress = Type.Object({
  percent: Type.Integer({ minimum: 0, maximum: 100 }),
  total: Type.Integer(),
  pending: Type.Integer(),
  ongoing: Type.Integer(),
  ignored: Type.Integer(),
  failed: Type.Integer(),
  succeeded: Type.Integer(),
  /** Of the moves that have succeeded. */
  guests: Type.Object({
    /** Their agents answer, or they run without a break. */
    back: Type.Integer(),
    not_heard: Type.Integer(),
    not_expected: Type.Integer(),
  }),
})

const PAGE = 1000

/** Counts the moves of a recovery. */
export async function movesProgress(
  store: NotificationStore,
  { uuid, status }: Notification,
): Promise<Static<typeof MovesProgress>> {
  const counts = { pending: 0, ongoing: 0, ignored: 0, failed: 0, succeeded: 0 }
  const guests = { back: 0, not_heard: 0, not_expected: 0 }
  let page: readonly VmMove[]
  let marker = {}
  do {
    const sort = [{ key: 'id', direction: 'asc' }] as const
    page = await store.listMoves({ notification: uuid }, { limit: PAGE, sort, ...marker })
    for (const { status: each, guest } of page) {
      counts[each] += 1
      if (guest !== null) guests[COUNTED_AS[guest.state]] += 1
    }
    marker = { marker: String(page.at(-1)?.id) }
  } while (page.length === PAGE)
  const total = MOVE_STATUSES.reduce((sum, each) => sum + counts[each], 0)
  const done = total - counts.pending - counts.ongoing
  const ended = !UNFINISHED_STATUSES.some((each) => each === status)
  return { percent: percentOf(done, total, ended), total, ...counts, guests }
}

const COUNTED_AS = {
  agent: 'back',
  running: 'back',
  not_heard: 'not_heard',
  not_expected: 'not_expected',
} as const satisfies Readonly<Record<GuestState, string>>

/** 0 before the plan is made, and 100 only after the end of the recovery. */
function percentOf(done: number, total: number, ended: boolean): number {
  if (ended) return 100
  return total === 0 ? 0 : Math.min(99, Math.floor((100 * done) / total))
}
