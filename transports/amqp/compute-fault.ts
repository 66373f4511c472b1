/** Which facts of the Compute service are faults, and which message reports them to the engine. Pure. */
import { createHash } from 'node:crypto'
import type { ComputeFact } from '../../schema/messages/compute-fact.ts'
import type { ComputeEvent, HostFailed, InstanceFailed } from '../../schema/messages/incident.ts'
import { timeOf } from './compute-facts.ts'

export type ComputeFault = (
  | { readonly type: 'host.failed'; readonly body: HostFailed }
  | { readonly type: 'instance.failed'; readonly body: InstanceFailed }
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
  const said = {
    publisher: event.publisher,
    occurredAt,
    evidence: sentences(event, 'reason' in fact ? fact.reason : null),
  }
  switch (fact.kind) {
    case 'host-failed':
      return { type: 'host.failed', id, body: { hostName: fact.host, ...said } }
    case 'instance-failed': {
      if (fact.host === null) return undefined
      const body = { instance: fact.instance, hostName: fact.host, ...said }
      return { type: 'instance.failed', id, body }
    }
    default:
      return undefined
  }
}

const sentences = ({ eventType, publisher }: ComputeEvent, reason: string | null): string[] => [
  `${eventType} of ${publisher}${reason === null ? '' : `: ${reason}`}`,
]
