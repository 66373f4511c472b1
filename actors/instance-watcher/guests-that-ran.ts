/** What a record of an earlier instance monitor on this host tells about guests that may have failed since. Pure. */
import type { InstanceId } from '../../schema/ids.ts'
import type { GuestPower } from '../ports/guest.ts'
import { KEPT_RUNS_MAX, type KeptRun, type KeptRuns } from '../ports/run-record.ts'
import { newcomer, type WatchedGuest } from './watched-guest.ts'

/**
 * After an hour, Nova itself has found out that a guest stopped (it looks every 10 minutes), and owners and operators have done what
 * nobody here has seen: a report would act against them. Reports that wait for the bus are not older either. Ms.
 */
const RECORD_AGE_MS_MAX = 3_600_000
/** The clock of a host may be set back a little while nobody looks, ms. */
const CLOCK_STEP_MS_MAX = 60_000
/** How often an unchanged record is kept again, so that its age is the time in which nobody looked, ms. */
const KEEP_AGAIN_MS = 300_000

/** What was kept, if it may count now; else why not, for the log. */
export type Recalled =
  | { readonly kind: 'counts'; readonly guests: ReadonlyMap<InstanceId, WatchedGuest> }
  | { readonly kind: 'nothing'; readonly text: string | undefined }

/** A host that booted anew has ended its guests itself, and starting them is not a matter of a single guest. */
export function recalled(
  kept: KeptRuns | undefined,
  now: { readonly boot: string | undefined; readonly atMs: number; readonly wallMs: number },
): Recalled {
  if (kept === undefined || kept.boot !== now.boot) return { kind: 'nothing', text: undefined }
  const ageMs = now.wallMs - kept.keptAt
  if (ageMs > RECORD_AGE_MS_MAX || ageMs < -CLOCK_STEP_MS_MAX) {
    const text = `guests that failed while nobody looked are not found: the record of those that ran was kept ${Math.round(ageMs / 60_000)} minutes ago, and counts for ${RECORD_AGE_MS_MAX / 60_000}`
    return { kind: 'nothing', text }
  }
  const guests = kept.runs.map(({ instance, run }) => {
    const view = { instance, run, power: 'running', agent: 'none' } as const
    return [instance, newcomer(view, now.atMs)] as const
  })
  return { kind: 'counts', guests: new Map(guests) }
}

const RUNS: ReadonlySet<GuestPower> = new Set(['running', 'paused'])

/** Those that run now, or could go on. */
export const runsOf = (guests: Iterable<WatchedGuest>): readonly KeptRun[] =>
  [...guests]
    .filter(({ power }) => RUNS.has(power))
    .slice(0, KEPT_RUNS_MAX)
    .map(({ instance, run }) => ({ instance, run }))

/** What was kept last, and when. */
export interface LastKept {
  readonly runs: readonly KeptRun[]
  readonly atMs: number
}

/** Whether the record is to be written. */
export const isToBeKept = (
  runs: readonly KeptRun[],
  last: LastKept | undefined,
  atMs: number,
): boolean =>
  last === undefined ||
  atMs - last.atMs >= KEEP_AGAIN_MS ||
  runs.length !== last.runs.length ||
  runs.some(({ instance, run }, at) => {
    const before = last.runs[at]
    return before?.instance !== instance || before.run !== run
  })
