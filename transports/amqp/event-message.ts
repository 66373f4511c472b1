/** One report as the body of an oslo.messaging notification. Pure. */
import type { ReportPhase, ReportSubject } from '../../actors/ports/reports.ts'
import { payloadOf } from './versioned-payload.ts'

/** `wrapped` in an envelope is what the driver `messagingv2` of oslo.messaging sends, `bare` what `messaging` does. */
export type EventForm = 'wrapped' | 'bare'

export interface EventMessage {
  /** The second half of the routing key. */
  readonly priority: 'info' | 'error'
  /** One for each form that is wanted. */
  readonly bodies: readonly Buffer[]
}

/** Who says it, when, and what makes it one of its kind. */
export interface EventStamp {
  /** Name of this process. */
  readonly node: string
  readonly wallMs: number
  /** What repetitions have in common. */
  readonly messageId: string
}

/** What is published for a report. */
export function eventMessage(
  subject: ReportSubject,
  phase: ReportPhase,
  { node, wallMs, messageId }: EventStamp,
  forms: readonly EventForm[],
): EventMessage {
  const priority = phase.kind === 'error' ? 'error' : 'info'
  const inner = {
    message_id: messageId,
    publisher_id: `${publisherOf(subject)}:${node}`,
    event_type: `${subject.kind}.${subject.action}.${phase.kind}`,
    priority: priority.toUpperCase(),
    payload: payloadOf(subject, phase),
    timestamp: timestampText(wallMs),
    _unique_id: messageId.replaceAll('-', ''),
  }
  const bare = JSON.stringify(inner)
  const wrapped = JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': bare })
  const texts = { bare, wrapped }
  return { priority, bodies: forms.map((form) => Buffer.from(texts[form])) }
}

/** As in Masakari; here an engine too may create what a monitor of ours has seen. */
const publisherOf = ({ action }: ReportSubject): string =>
  action === 'process' ? 'masakari-engine' : 'masakari-api'

/** `2026-11-22 07:15:26.658000`, UTC. */
const timestampText = (ms: number): string =>
  new Date(ms).toISOString().replace('T', ' ').replace('Z', '000')
