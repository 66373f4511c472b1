/** Puts messages into envelopes and sends them on the bus. */
import type { Announcer } from '../../actors/ports/announcer.ts'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ClockPort, RandomPort } from '../../actors/ports/clock.ts'
import type { LeadershipTerm } from '../../actors/leadership/leadership-term.ts'
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'
import { encode, type Encoded, type Sender } from '../../schema/messages/codec.ts'
import { TraceIds } from './trace-ids.ts'

/** The announcer of one process. Its messages carry the epoch while the process leads. */
export function announcerOn(
  bus: Pick<BusPort, 'publish' | 'publishFault'>,
  from: Sender,
  world: { readonly clock: ClockPort; readonly random: RandomPort; readonly term: LeadershipTerm },
): Announcer {
  const traces = new TraceIds(from.incarnation)
  const pack = <Name extends WireType>(type: Name, body: WireBody<Name>, id: string): Encoded =>
    encode(type, body, {
      ...from,
      id,
      epoch: world.term.current() ?? null,
      sentAt: Math.max(0, Math.round(world.clock.wallMs())),
      trace: traces.contextOf(type, body, id),
    })
  let said = 0
  return {
    announce(type, body) {
      // The id is unique together with the incarnation, and cheaper than a random one for frequent
      // messages.
      said += 1
      const { subject, body: bytes } = pack(type, body, `${from.incarnation}.${said}`)
      bus.publish(subject, bytes)
    },
    async submit(type, body, id) {
      const { subject, body: bytes } = pack(type, body, id)
      await bus.publishFault(subject, bytes, id)
    },
  }
}
