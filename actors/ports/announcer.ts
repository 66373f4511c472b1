/** Says things on the bus: the envelope, the subject and the encoding are somebody else's business. */
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'

export interface Announcer {
  /** Core message: heard by whoever listens now. Never throws. */
  announce<Name extends WireType>(type: Name, body: WireBody<Name>): void
  /** Fault: resolves when the bus keeps it. `id` makes repeats of one fault one message. BUS_UNAVAILABLE. */
  submit<Name extends WireType>(type: Name, body: WireBody<Name>, id: string): Promise<void>
}
