/** The meaning of each event of a guest (Masakari's vocabulary: `event` and `vir_domain_event`). */
import type { Notification } from '../../schema/records.ts'
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

/** The policy for the event of a report about a guest. An unknown event is not acted on. */
export function eventPolicy({ payload }: Pick<Notification, 'payload'>): EventPolicy {
  const event = `${payload['event']} ${payload['vir_domain_event']}`
  const policy = POLICIES[event] ?? ignore('nothing is known about such an event')
  return policy.kind === 'act' ? policy : ignore(`${event} needs no recovery: ${policy.because}`)
}

/**
 * Why a report needs nothing, whatever else is true; undefined when that depends on more. Most reports of a cloud are of this kind:
 * each shutdown of a guest by its owner makes one.
 */
export function needlessReason(
  notification: Pick<Notification, 'type' | 'payload'>,
): string | undefined {
  if (notification.type !== 'VM') return undefined
  const policy = eventPolicy(notification)
  return policy.kind === 'ignore' ? policy.because : undefined
}
