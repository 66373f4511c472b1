/** From a probe to the last instance moved: which trace id each message carries. */
import test from 'ava'
import { LeadershipTerm } from '../../actors/leadership/leadership-term.ts'
import { TraceIds, spanIdOf, traceIdOf } from '../../ops/roles/trace-ids.ts'
import { announcerOn } from '../../ops/roles/announcer.ts'
import { decode, type Encoded } from '../../schema/messages/codec.ts'
import { traceIdIn } from '../../schema/messages/envelope.ts'
import type { HostState } from '../../schema/messages/observation.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'

const NOTIFICATION = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736'
const INCARNATION = '00f067aa-0ba9-42b7-8f24-b7a5c2e1d000'

const observed = (host: string, state: HostState) => ({
  host,
  hostName: host,
  segment: 's',
  observer: 'monitor-1',
  state,
  sequence: 1,
  evidence: [],
})

test('a recovery has the trace id of its notification, whoever speaks of it', (t) => {
  const [one, other] = [new TraceIds('a'), new TraceIds('b')]
  const accepted = one.contextOf(
    'notification.accepted',
    { notification: NOTIFICATION.toUpperCase(), segment: 's' },
    'm1',
  )
  const commanded = other.contextOf('operator.commanded', { notification: NOTIFICATION }, 'm2')
  t.is(accepted, `00-4bf92f3577b34da6a3ce929d0e0e4736-${spanIdOf('m1')}-01`)
  t.is(traceIdIn(commanded), traceIdIn(accepted))
})

test('all observations of one suspicion have one trace id, up to the sign of life that ends it', (t) => {
  const traces = new TraceIds(INCARNATION)
  let count = 0
  const say = (host: string, state: HostState): string | undefined => {
    count += 1
    const trace = traces.contextOf('host.observed', observed(host, state), `m.${count}`)
    return traceIdIn(trace)
  }
  const peace = say('one', 'alive')
  const first = say('one', 'suspect')
  t.is(peace, traceIdOf(INCARNATION))
  t.not(first, peace)
  t.not(say('two', 'suspect'), first)
  for (const state of ['dead', 'blind', 'dead', 'alive'] as const) t.is(say('one', state), first)
  t.is(say('one', 'alive'), peace)
  t.not(say('one', 'suspect'), first)
})

test('faults of one moment have different trace ids, because these become uuids of notifications', (t) => {
  const traces = new TraceIds(INCARNATION)
  const ids = ['1', '2', 'fed0'].map((part) => `${NOTIFICATION}.${part}`)
  const seen = ids.map((id) =>
    traceIdIn(
      traces.contextOf(
        'guest.failed',
        { instance: 'i', hostName: 'h', event: 'e', domainEvent: 'd', evidence: [] },
        id,
      ),
    ),
  )
  t.is(new Set(seen).size, 3)
  t.true(seen.every((id) => /^[0-9a-f]{32}$/.test(id ?? '')))
})

test('each message on the bus has a trace context with the span id of the message', (t) => {
  const sent: Encoded[] = []
  const bus = {
    publish: (subject: string, body: Uint8Array) => void sent.push({ subject, body }),
    publishFault: () => Promise.resolve(),
  }
  const clock = new VirtualClock()
  const world = { clock, random: new SeededRandom(1), term: new LeadershipTerm(clock) }
  const from = { cloud: 'one', node: 'monitor-1', incarnation: INCARNATION }
  const announcer = announcerOn(bus, from, world)
  announcer.announce('host.observed', observed('one', 'dead'))
  announcer.announce('leader.proclaimed', { holder: 'n', epoch: 1 })
  t.is(sent.length, 2)
  for (const message of sent) {
    const { trace, id } = decode(message)
    t.true(trace?.includes(`-${spanIdOf(id)}-`), String(trace))
  }
})
