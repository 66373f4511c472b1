/** An outage of a broker is one line of the log for each reason, and the health view shows since when. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import test from 'ava'
import { Secret } from '../../../schema/control-attributes.ts'
import { keepLinked } from '../../../transports/amqp/keep-linked.ts'
import { LinkState } from '../../../transports/amqp/link-state.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { SeededRandom } from '../../../transports/simulated/random.ts'
import { recordingLog } from '../../support/logs.ts'

/** Plays one outcome for each attempt: an error, or the reason why a link that worked has ended. */
async function play(attempts: readonly (Error | string)[]) {
  const clock = new VirtualClock()
  const log = recordingLog()
  const state = new LinkState(clock)
  const stopping = new AbortController()
  const left = [...attempts]
  const seen: ReturnType<LinkState['view']>[] = []
  const running = keepLinked(
    {
      urls: [new Secret('amqp://broker')],
      tls: undefined,
      clock,
      random: new SeededRandom(1),
      log,
    },
    async () => {
      seen.push(state.view())
      const next = left.shift()
      if (next === undefined) stopping.abort()
      if (next instanceof Error) throw next
      state.up()
      return next ?? 'stopped'
    },
    { state, stop: stopping.signal },
  )
  await clock.pass(120_000, async () => await nextTurn())
  await running
  return { lines: log.lines, seen }
}

test('a broker that refuses again and again is one line, and another reason is another line', async (t) => {
  const refused = new Error('connection refused')
  const { lines } = await play([refused, refused, refused, new Error('no such vhost'), refused])
  t.is(lines.length, 3)
})

test('a link that worked and ends again for the same reason is news', async (t) => {
  const { lines } = await play(['shut down', 'shut down'])
  t.is(lines.length, 2)
})

test('the health view shows since when it is not linked, whatever the reasons were', async (t) => {
  const { seen } = await play([new Error('refused'), new Error('no such vhost'), 'shut down'])
  t.deepEqual(
    seen.map(({ linked, reason }) => [linked, reason]),
    [
      [false, 'the first attempt is under way'],
      [false, 'refused'],
      [false, 'no such vhost'],
      [false, 'shut down'],
    ],
  )
  t.is(seen[0]?.since, seen[2]?.since)
  t.not(seen[2]?.since, seen[3]?.since)
})

test('a reason of any length stays short', (t) => {
  const state = new LinkState(new VirtualClock())
  state.down('x'.repeat(5000))
  t.is(state.view().reason?.length, 256)
})
