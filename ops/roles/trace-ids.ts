/**
 * Which W3C trace context a message carries. The trace id of a recovery is the uuid of its notification without dashes, and
 * the id of a message makes its span id, so every process finds the same ids without asking another one (decision 0058).
 */
import { hash } from 'node:crypto'
import { BoundedMap } from '../../schema/bounded-map.ts'
import { CATALOGUE, type WireBody, type WireType } from '../../schema/messages/catalogue.ts'

/** More hosts than one observer suspects at the same time. Of one that was forgotten, a new suspicion begins. */
const SUSPICIONS_MAX = 20_000

/**
 * The trace id of an id: the digits of a uuid, the first half of a SHA-256, and of any other id the first half of its SHA-256.
 * Different ids have different trace ids, because the trace of a fault becomes the uuid of its notification.
 */
export function traceIdOf(id: string): string {
  const digits = id.toLowerCase().replaceAll('-', '')
  const isHex = /^(?:[0-9a-f]{32}){1,2}$/.test(digits)
  return (isHex ? digits : hash('sha256', id)).slice(0, 32)
}

/** The span id of a message: 16 hex digits. */
export const spanIdOf = (messageId: string): string => hash('sha256', messageId).slice(0, 16)

/** The trace ids of the messages of one process. */
export class TraceIds {
  /** Of messages about the process itself. */
  readonly #ofProcess: string
  /** By host: the trace id of the suspicion that is not over. */
  readonly #suspicions = new BoundedMap<string, string>({
    entriesMax: SUSPICIONS_MAX,
    whenFull: 'drop-oldest',
  })

  constructor(incarnation: string) {
    this.#ofProcess = traceIdOf(incarnation)
  }

  /** The `traceparent` of a message that is about to be sent. */
  contextOf<Name extends WireType>(type: Name, body: WireBody<Name>, id: string): string {
    return `00-${this.#traceIdOf(type, body, id)}-${spanIdOf(id)}-01`
  }

  #traceIdOf(type: WireType, body: WireBody<WireType>, id: string): string {
    if ('notification' in body && body.notification !== null) return traceIdOf(body.notification)
    if (CATALOGUE[type].guarantee === 'stream') return traceIdOf(id)
    if ('messageId' in body) return traceIdOf(`compute ${body.messageId}`) // as the id of its fault
    if ('observer' in body) return this.#suspicionOf(body, id)
    return this.#ofProcess
  }

  /** A suspicion begins with the first doubt, and ends with the message that says that the host is alive. */
  #suspicionOf({ host, state }: WireBody<'host.observed'>, id: string): string {
    const known = this.#suspicions.get(host)
    if (state === 'alive') this.#suspicions.delete(host)
    if (known !== undefined) return known
    if (state !== 'suspect' && state !== 'dead') return this.#ofProcess
    const begun = traceIdOf(`suspicion ${id}`)
    this.#suspicions.set(host, begun)
    return begun
  }
}
