/** Announces messages on the bus, without the envelope, the subject and the encoding. */
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'

export interface Announcer {
  /** Sends a core message: only present subscribers receive it. Never throws. */
  announce<Name extends WireType>(type: Name, body: WireBody<Name>): void
  /**
   * Sends a fault: resolves when the bus has stored it. Repeats with the same `id` are one message.
   * BUS_UNAVAILABLE.
   */
  submit<Name extends WireType>(type: Name, body: WireBody<Name>, id: string): Promise<void>
}
