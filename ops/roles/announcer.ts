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
  let said = 0
  const pack = <Name extends WireType>(
    type: Name,
    body: WireBody<Name>,
    // Unique together with the incarnation, and cheaper than a random one for frequent messages.
    id = `${from.incarnation}.${said + 1}`,
  ): Encoded => {
    said += 1
    return encode(type, body, {
      ...from,
      id,
      sequence: said,
      epoch: world.term.current() ?? null,
      sentAt: Math.max(0, Math.round(world.clock.wallMs())),
      trace: traces.contextOf(type, body, id),
    })
  }
  return {
    announce(type, body) {
      const { subject, body: bytes } = pack(type, body)
      bus.publish(subject, bytes)
    },
    async submit(type, body, id) {
      const { subject, body: bytes } = pack(type, body, id)
      await bus.publishFault(subject, bytes, id)
    },
  }
}
