/** The meaning of each event of a guest (Masakari's vocabulary: `event` and `vir_domain_event`). */
import type { GuestFault } from './refutation.ts'

type EventPolicy =
  | { readonly kind: 'act'; readonly fault: GuestFault }
  | { readonly kind: 'ignore'; readonly because: string }

const act = (fault: GuestFault): EventPolicy => ({ kind: 'act', fault })
const ignore = (because: string): EventPolicy => ({ kind: 'ignore', because })

const BY_ITSELF = ignore('the guest was shut down from inside')
const GOES_ON = ignore('the guest goes on by itself')

/**
 * By `event vir_domain_event`. The table in `ops/docs/instance-faults.md` says the same to
 * operators.
 */
const POLICIES: Readonly<Record<string, EventPolicy>> = {
  'LIFECYCLE STOPPED_FAILED': act('stopped'),
  'LIFECYCLE STOPPED_CRASHED': act('stopped'),
  'LIFECYCLE CRASHED_PANICKED': act('hung'),
  'LIFECYCLE CRASHED_CRASHLOADED': ignore('the guest writes its own dump, and reboots then'),
  'LIFECYCLE STOPPED_SHUTDOWN': BY_ITSELF,
  'LIFECYCLE STOPPED_DESTROYED': ignore('the guest was powered off from outside'),
  'LIFECYCLE SHUTDOWN_FINISHED': BY_ITSELF,
  'LIFECYCLE SUSPENDED_IOERROR': act('io-error'),
  'LIFECYCLE SUSPENDED_WATCHDOG': act('hung'),
  'LIFECYCLE SUSPENDED_API_ERROR': ignore(
    'an order of the hypervisor failed: whoever gave it sees',
  ),
  'REBOOT UNKNOWN': GOES_ON,
  'WATCHDOG WATCHDOG_NONE': GOES_ON,
  'WATCHDOG WATCHDOG_PAUSE': act('hung'),
  'WATCHDOG WATCHDOG_RESET': ignore('its watchdog has restarted the guest'),
  'WATCHDOG WATCHDOG_POWEROFF': act('stopped'),
  'WATCHDOG WATCHDOG_SHUTDOWN': act('hung'),
  'WATCHDOG WATCHDOG_DEBUG': GOES_ON,
  'IO_ERROR IO_ERROR_REPORT': act('io-error'),
  'IO_ERROR IO_ERROR_NONE': GOES_ON,
  'IO_ERROR IO_ERROR_PAUSE': act('io-error'),
  'IO_ERROR_REASON UNKNOWN': ignore('it only explains another event'),
  'CONTROL_ERROR UNKNOWN': ignore('only the control of the guest is disturbed'),
  'QEMU_GUEST_AGENT_ERROR STOPPED_FAILED': act('hung'),
}

/** The policy for an event. An unknown event is not acted on. */
export const eventPolicy = (what: string): EventPolicy =>
  POLICIES[what] ?? ignore('nothing is known about such an event')
