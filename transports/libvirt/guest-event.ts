/** Turns an event of libvirt into one with a name. Pure; throws HYPERVISOR_UNAVAILABLE on a body that is cut off. */
import type { GuestEvent } from '../../actors/ports/guest.ts'
import { AGENT, EVENTS, IO_ERROR, LIFECYCLE, WATCHDOG, type EventKind } from './numbers.ts'
import type { DomainName, XdrReader } from './xdr.ts'

export interface DomainEvent {
  readonly domain: DomainName
  readonly event: GuestEvent
}

const KINDS = new Map<number, EventKind>(
  (Object.keys(EVENTS) as EventKind[]).map((kind) => [EVENTS[kind].procedure, kind]),
)

/** Undefined for an event without a name: newer versions add events and details. */
export function readEvent(procedure: number, body: XdrReader): DomainEvent | undefined {
  const kind = KINDS.get(procedure)
  if (kind === undefined) return undefined
  body.int() // which registration brought it
  const domain = body.domain()
  const event = nameOf(kind, body)
  return event === undefined ? undefined : { domain, event }
}

function nameOf(kind: EventKind, body: XdrReader): GuestEvent | undefined {
  switch (kind) {
    case 'lifecycle': {
      const details = LIFECYCLE[body.int()]
      return details?.[body.int()] ?? details?.other
    }
    case 'reboot':
      return 'reboot'
    case 'watchdog':
      return WATCHDOG[body.int()]
    case 'ioError':
      return ioError(body)
    case 'controlError':
      return 'control-error'
    case 'agent':
      return AGENT[body.int()]
    case 'memoryFailure':
      return 'memory-failure'
  }
}

function ioError(body: XdrReader): GuestEvent | undefined {
  body.string() // path of the disk
  body.string() // its alias
  const action = body.int()
  return body.string() === 'enospc' ? 'disk-full' : IO_ERROR[action]
}
