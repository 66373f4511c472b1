/** Which messages an operator asked for: by what they are about, their kind and their sender. */
import type { Received } from '../../schema/messages/catalogue.ts'

/** What a message must be about; undefined: anything. */
export interface MessageFilter {
  /** Name or id of a host. */
  readonly host?: string | undefined
  /** Name or id of an instance. */
  readonly instance?: string | undefined
  readonly notification?: string | undefined
  /** The message type, or the part before its dot: `host.observed`, `host`. */
  readonly kind?: string | undefined
  readonly sender?: string | undefined
}

/** Fields of bodies, and of what is inside them, that name such a thing. */
const FIELDS = {
  host: ['host', 'hostName', 'dest'],
  instance: ['instance', 'instanceName'],
  notification: ['notification'],
} as const

/** Whether the message is about all that is asked for. */
export function isWanted(received: Received, filter: MessageFilter): boolean {
  const { type, sender, body } = received
  const { kind } = filter
  if (kind !== undefined && type !== kind && !type.startsWith(`${kind}.`)) return false
  if (filter.sender !== undefined && sender !== filter.sender) return false
  return (['host', 'instance', 'notification'] as const).every((thing) => {
    const wanted = filter[thing]
    return wanted === undefined || names(body, FIELDS[thing], wanted)
  })
}

/** Whether one of the fields has that value, in this object or in one inside it. Messages have few levels. */
function names(value: unknown, fields: readonly string[], wanted: string): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([field, inner]) =>
      (fields.includes(field) && inner === wanted) || names(inner, fields, wanted),
  )
}
