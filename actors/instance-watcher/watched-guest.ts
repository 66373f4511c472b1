/** What is known of one guest, and how an event or a gap changes it. Pure. */
import type { GuestEvent, GuestPower, GuestView } from '../ports/guest.ts'
import { UNKNOWN_GUEST, type GuestHealth } from './guest-health.ts'
import {
  GAP_MEANINGS,
  GRAVITIES,
  MEANINGS,
  type FaultMeaning,
  type Gravity,
} from './guest-meanings.ts'

/** A fault of the same kind within this time is the same fault, ms. A disk that fails causes an event for each request. */
const REPEAT_MS = 300_000

export interface WatchedGuest extends GuestView {
  readonly health: GuestHealth
  /** When its state changed last, monotonic. The answer to an earlier question says nothing about this state. */
  readonly changedAtMs: number
  /** Since when it runs without a break, as far as this monitor has seen it, monotonic; without meaning while it does not run. */
  readonly runsSinceMs: number
  /** When its agent answered first in this run, monotonic. */
  readonly answersSinceMs: number | undefined
  /** The worst fault that was reported of this run, and when. */
  readonly told: { readonly gravity: Gravity; readonly atMs: number } | undefined
  /** The last remark about it, and when. */
  readonly remarked: { readonly text: string; readonly atMs: number } | undefined
  /** A fault that waits for the events that follow. */
  readonly held: FaultMeaning | undefined
  /** Its last failed request to a disk found the storage full. */
  readonly disk: 'well' | 'full'
}

/** What the instance watcher reports or logs about it. */
export type Saying = FaultMeaning | { readonly kind: 'remark'; readonly text: string }

export interface GuestOutcome {
  readonly guest: WatchedGuest
  readonly say: Saying | undefined
}

/** A guest that is seen for the first time, or starts anew. */
export const newcomer = (view: GuestView, atMs: number): WatchedGuest => ({
  ...view,
  health: UNKNOWN_GUEST,
  changedAtMs: atMs,
  runsSinceMs: atMs,
  answersSinceMs: undefined,
  told: undefined,
  remarked: undefined,
  held: undefined,
  disk: 'well',
})

/** Whether its agent may be asked now. */
export const canBeAsked = ({ power, agent }: GuestView): boolean =>
  power === 'running' && agent === 'connected'

/** The state of the guest after each event. The other events do not change it. */
const POWER_AFTER: Readonly<Partial<Record<GuestEvent, GuestPower>>> = {
  started: 'running',
  resumed: 'running',
  suspended: 'paused',
  'suspended-migration': 'paused',
  'suspended-io-error': 'paused-io-error',
  'suspended-watchdog': 'paused-watchdog',
  'suspended-api-error': 'paused',
  'suspended-post-copy-failed': 'paused',
  sleeping: 'paused',
  stopped: 'off',
  'stopped-shutdown': 'off',
  'stopped-destroyed': 'off',
  'stopped-migrated': 'off',
  'stopped-saved': 'off',
  'stopped-crashed': 'failed',
  'stopped-failed': 'failed',
  'crashed-panicked': 'panicked',
}

/** After these events the guest is another run: what was known of the run before does not count any more. */
const NEW_LIFE: ReadonlySet<GuestEvent> = new Set(['started', 'reboot', 'agent-disconnected'])

/** When it began to run, after it was found in this state: anew unless it ran before, in the same run. */
const runsSince = (before: WatchedGuest, isSameRun: boolean, atMs: number): number =>
  isSameRun && before.power === 'running' ? before.runsSinceMs : atMs

/** A guest that was changed. */
export const seenAgain = (before: WatchedGuest, view: GuestView, atMs: number): WatchedGuest => ({
  ...before,
  ...view,
  runsSinceMs: runsSince(before, view.run === before.run, atMs),
})

/** One event of a guest. */
export function afterEvent(guest: WatchedGuest, event: GuestEvent, atMs: number): GuestOutcome {
  const changed = changedBy(guest, event, atMs)
  return heldFault(guest, changed, event) ?? meant(changed, event, atMs)
}

function changedBy(guest: WatchedGuest, event: GuestEvent, atMs: number): WatchedGuest {
  const power = POWER_AFTER[event] ?? guest.power
  return {
    ...guest,
    power,
    agent: agentAfter(guest, event),
    health: NEW_LIFE.has(event) ? UNKNOWN_GUEST : guest.health,
    changedAtMs: power !== guest.power || NEW_LIFE.has(event) ? atMs : guest.changedAtMs,
    runsSinceMs: runsSince(guest, event !== 'started' && event !== 'reboot', atMs),
    answersSinceMs: NEW_LIFE.has(event) ? undefined : guest.answersSinceMs,
    told: event === 'started' || event === 'reboot' ? undefined : guest.told,
    disk: event === 'disk-full' ? 'full' : power === 'running' ? 'well' : guest.disk,
  }
}

function agentAfter({ agent }: WatchedGuest, event: GuestEvent): GuestView['agent'] {
  if (event === 'agent-connected') return 'connected'
  return event === 'agent-disconnected' ? 'disconnected' : agent
}

/** What followed a fault that was held: its second event, a restart by itself, or a stop that somebody requested. */
function heldFault(
  { held }: WatchedGuest,
  changed: WatchedGuest,
  event: GuestEvent,
): GuestOutcome | undefined {
  if (held === undefined) return undefined
  const guest: WatchedGuest = { ...changed, held: undefined }
  const isItself = held.event === 'WATCHDOG' && event === 'stopped-failed'
  if (isItself) return report(guest, held, changed.changedAtMs)
  if (event === 'reboot' || event === 'started') {
    return remarkOn(guest, `${held.text}, and has started again by itself`, changed.changedAtMs)
  }
  return event === 'stopped-destroyed' || event === 'stopped-shutdown'
    ? { guest, say: undefined }
    : undefined
}

function meant(guest: WatchedGuest, event: GuestEvent, atMs: number): GuestOutcome {
  const meaning = MEANINGS[event]
  // The hypervisor first sends the reason, and then that it has paused the guest.
  const isExplained = event === 'suspended-io-error' && guest.disk === 'full'
  if (meaning.kind === 'nothing' || isExplained) return { guest, say: undefined }
  if (meaning.kind === 'remark') return remarkOn(guest, meaning.text, atMs)
  if (meaning.when === 'held') return { guest: { ...guest, held: meaning }, say: undefined }
  return report({ ...guest, held: undefined }, meaning, atMs)
}

/** A disk that fails causes an event for each request: the log has one line. */
function remarkOn(guest: WatchedGuest, text: string, atMs: number): GuestOutcome {
  const { remarked } = guest
  if (remarked?.text === text && atMs - remarked.atMs < REPEAT_MS) return { guest, say: undefined }
  return { guest: { ...guest, remarked: { text, atMs } }, say: { kind: 'remark', text } }
}

/** Reports a fault, unless the same fault was reported already. */
function report(guest: WatchedGuest, fault: FaultMeaning, atMs: number): GuestOutcome {
  const { told } = guest
  const isNews =
    told === undefined ||
    atMs - told.atMs >= REPEAT_MS ||
    GRAVITIES.indexOf(fault.gravity) > GRAVITIES.indexOf(told.gravity)
  if (!isNews) return { guest, say: undefined }
  return { guest: { ...guest, told: { gravity: fault.gravity, atMs } }, say: fault }
}

/** Nothing followed the fault that was held. */
export function settled(guest: WatchedGuest, atMs: number): GuestOutcome {
  const { held } = guest
  if (held === undefined) return { guest, say: undefined }
  return report({ ...guest, held: undefined }, held, atMs)
}

const RAN: ReadonlySet<GuestPower> = new Set(['running', 'paused'])

/** A guest as the snapshot shows it, and what happened to it during the gap. */
export function afterGap(
  before: WatchedGuest | undefined,
  found: GuestView,
  atMs: number,
): GuestOutcome {
  if (before === undefined) return { guest: newcomer(found, atMs), say: undefined }
  const isActive = found.power !== 'off' && found.power !== 'failed'
  if (isActive && found.run !== before.run) return { guest: newcomer(found, atMs), say: undefined }
  const isSame = found.power === before.power && found.agent === before.agent
  const guest: WatchedGuest = {
    ...seenAgain(before, found, atMs),
    changedAtMs: isSame ? before.changedAtMs : atMs,
  }
  if (!RAN.has(before.power)) return { guest, say: undefined }
  const meaning = GAP_MEANINGS[found.power]
  if (meaning.kind === 'nothing') return { guest, say: undefined }
  return meaning.kind === 'remark'
    ? remarkOn(guest, meaning.text, atMs)
    : report(guest, meaning, atMs)
}
