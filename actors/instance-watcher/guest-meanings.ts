/**
 * What each event of a guest means: a fault, a remark for the log, or nothing. The table in `ops/docs/guest-faults.md` shows
 * this to operators. A spec compares the two, and other specs compare them with a real hypervisor.
 */
import type { GuestEvent, GuestPower } from '../ports/guest.ts'

/** How bad a fault is, from bad to worst. A worse fault is reported even if a lesser one was reported before. */
export const GRAVITIES = ['impaired', 'hung', 'stopped'] as const
export type Gravity = (typeof GRAVITIES)[number]

/** A fault with Masakari's event names, which the engine's intake understands (`ops/docs/instance-faults.md`). */
export interface FaultMeaning {
  readonly kind: 'fault'
  readonly gravity: Gravity
  readonly event: string
  readonly domainEvent: string
  /** What happened, in one sentence; the evidence of the report. */
  readonly text: string
  /** held: an event that follows within seconds may belong to this fault, or may show that nothing is wrong. */
  readonly when: 'at-once' | 'held'
}

export type Meaning =
  | FaultMeaning
  | { readonly kind: 'remark'; readonly text: string }
  | { readonly kind: 'nothing'; readonly text: string }

const fault = (gravity: Gravity, words: string, text: string): FaultMeaning => {
  const [event = '', domainEvent = ''] = words.split(' ')
  return { kind: 'fault', gravity, event, domainEvent, text, when: 'at-once' }
}
const held = (meaning: FaultMeaning): FaultMeaning => ({ ...meaning, when: 'held' })
const remark = (text: string): Meaning => ({ kind: 'remark', text })
const nothing = (text: string): Meaning => ({ kind: 'nothing', text })

const GOES_ON = 'the guest goes on by itself'
const WANTED = 'somebody requested it'
const RECORDED = 'it changes a definition, not a guest'

export const MEANINGS: Readonly<Record<GuestEvent, Meaning>> = {
  defined: nothing(RECORDED),
  undefined: nothing(RECORDED),
  started: nothing('the guest runs'),
  suspended: nothing(WANTED),
  'suspended-migration': nothing('the guest is on its way to another host'),
  'suspended-io-error': fault(
    'impaired',
    'LIFECYCLE SUSPENDED_IOERROR',
    'the guest was paused because a disk failed',
  ),
  'suspended-watchdog': fault(
    'hung',
    'LIFECYCLE SUSPENDED_WATCHDOG',
    "the guest's watchdog has paused it",
  ),
  'suspended-api-error': remark('an order to the hypervisor failed, and its sender has the error'),
  'suspended-post-copy-failed': remark('a migration failed after the guest had begun to move'),
  resumed: nothing('the guest goes on'),
  shutdown: nothing(WANTED),
  stopped: nothing('libvirt does not say why it stopped'),
  'stopped-shutdown': nothing(WANTED),
  'stopped-destroyed': nothing(WANTED),
  'stopped-crashed': fault(
    'stopped',
    'LIFECYCLE STOPPED_CRASHED',
    'the guest panicked and was stopped',
  ),
  'stopped-migrated': nothing('the guest runs on another host'),
  'stopped-saved': nothing(WANTED),
  'stopped-failed': fault('stopped', 'LIFECYCLE STOPPED_FAILED', "the guest's emulator died"),
  sleeping: nothing('the guest went to sleep by itself'),
  'crashed-panicked': held(
    fault('hung', 'LIFECYCLE CRASHED_PANICKED', 'the guest panicked and stands still'),
  ),
  'crashed-loaded': remark('the guest crashed and writes its own dump'),
  reboot: nothing(GOES_ON),
  'watchdog-none': remark("the guest's watchdog fired, and does nothing"),
  'watchdog-pause': fault('hung', 'WATCHDOG WATCHDOG_PAUSE', "the guest's watchdog has paused it"),
  'watchdog-reset': remark("the guest's watchdog has restarted it"),
  'watchdog-poweroff': held(
    fault('stopped', 'WATCHDOG WATCHDOG_POWEROFF', "the guest's watchdog has powered it off"),
  ),
  'watchdog-shutdown': fault(
    'hung',
    'WATCHDOG WATCHDOG_SHUTDOWN',
    "the guest's watchdog asks it to shut down",
  ),
  'watchdog-debug': remark("the guest's watchdog fired, and does nothing"),
  'watchdog-inject-nmi': remark("the guest's watchdog has interrupted it"),
  'io-error-none': remark('a request to a disk failed, and the hypervisor does nothing about it'),
  'io-error-pause': fault(
    'impaired',
    'IO_ERROR IO_ERROR_PAUSE',
    'a request to a disk failed, and the guest is paused',
  ),
  'io-error-report': fault(
    'impaired',
    'IO_ERROR IO_ERROR_REPORT',
    'a request to a disk failed, and the guest was told',
  ),
  'disk-full': remark(
    'the storage of a disk is full, and a restart does not help. Make room, then resume the guest',
  ),
  'control-error': remark('libvirt has lost control of the guest, which may still run'),
  'memory-failure': remark("the host's memory failed under the guest"),
  'agent-connected': nothing('an agent listens in the guest'),
  'agent-disconnected': nothing('no agent listens in the guest: it is not asked'),
}

/** The guest did not answer in time, this many times in a row. */
export const silence = (missed: number): FaultMeaning =>
  fault('hung', 'QEMU_GUEST_AGENT_ERROR STOPPED_FAILED', `${missed} heartbeats missed in a row`)

const FOUND = ' (found after a time in which nobody looked)'

/** What it means when a guest ran before a gap and has this state after it. What somebody may have requested is not reported. */
export const GAP_MEANINGS: Readonly<Record<GuestPower, Meaning>> = {
  running: nothing('the guest runs'),
  paused: nothing(WANTED),
  'paused-io-error': remark(
    'a disk failed, or its storage is full; libvirt does not say which of them' + FOUND,
  ),
  'paused-watchdog': fault(
    'hung',
    'LIFECYCLE SUSPENDED_WATCHDOG',
    `the guest's watchdog has paused it${FOUND}`,
  ),
  off: nothing('nothing shows whether somebody requested it'),
  failed: fault(
    'stopped',
    'LIFECYCLE STOPPED_FAILED',
    `the guest's emulator died, or the guest panicked${FOUND}`,
  ),
  panicked: fault(
    'hung',
    'LIFECYCLE CRASHED_PANICKED',
    `the guest panicked and stands still${FOUND}`,
  ),
}
