/** Which facts of the Compute service are faults, and which message reports them to the engine. Pure. */
import { createHash } from 'node:crypto'
import type { ComputeFact } from '../../schema/messages/compute-fact.ts'
import type { ComputeEvent, HostFailed } from '../../schema/messages/incident.ts'
import type { GuestFailed } from '../../schema/messages/observation.ts'
import { timeOf } from './compute-facts.ts'

export type ComputeFault = (
  | { readonly type: 'host.failed'; readonly body: HostFailed }
  | { readonly type: 'guest.failed'; readonly body: GuestFailed }
) & {
  /** Equal when the same notification is delivered again, to this bridge or another one. */
  readonly id: string
}

/** Undefined for a fact that is no fault, and for an instance that is on no host. */
export function faultOf(
  event: ComputeEvent,
  fact: ComputeFact,
  nowMs: number,
): ComputeFault | undefined {
  const id = createHash('sha256').update(`compute ${event.messageId}`).digest('hex')
  // The sender's clock may be ahead of ours.
  const occurredAt = Math.min(Math.floor(nowMs), timeOf(event.timestamp) ?? Infinity)
  switch (fact.kind) {
    case 'host-failed': {
      const body = { hostName: fact.host, publisher: event.publisher, occurredAt }
      return { type: 'host.failed', id, body: { ...body, evidence: sentences(event, fact.reason) } }
    }
    case 'instance-failed': {
      if (fact.host === null) return undefined
      const body = {
        instance: fact.instance,
        hostName: fact.host,
        observer: event.publisher === '' ? 'compute' : event.publisher,
        // Like an alert about an instance: the leader checks the report before it acts.
        event: 'LIFECYCLE',
        domainEvent: 'STOPPED_FAILED',
        occurredAt,
      }
      return {
        type: 'guest.failed',
        id,
        body: { ...body, evidence: sentences(event, fact.reason) },
      }
    }
    default:
      return undefined
  }
}

const sentences = ({ eventType, publisher }: ComputeEvent, reason: string | null): string[] => [
  `${eventType} of ${publisher}${reason === null ? '' : `: ${reason}`}`,
]
