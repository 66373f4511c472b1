/** The process of a compute host lives as long as the host's operating system, and is looked at in the turn of its host. */
import test from 'ava'
import { runOnHost } from '../../ops/simulator/host-processes.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { buildWorld } from '../transports/simulated/world.ts'

function runOnFirstHost() {
  const { clock, cloud, one, pass } = buildWorld()
  const lines: string[] = []
  const note = (what: string) => (): void => void lines.push(`${what} ${clock.monotonicMs()}`)
  const random = new SeededRandom(1)
  runOnHost({ clock, random, cloud }, one, { start: note('start'), kill: note('kill') })
  return { clock, cloud, one, pass, lines }
}

test('it starts within a second, and then nothing is looked at until the host changes', async (t) => {
  const { clock, pass, lines } = runOnFirstHost()
  await pass(1000)
  t.is(lines.length, 1)
  t.regex(lines[0] ?? '', /^start \d+$/)
  t.is(clock.nextAt(), undefined)
})

test('a host without power has no process from the next look on, and a new one when it is up again', async (t) => {
  const { cloud, one, pass, lines } = runOnFirstHost()
  await pass(10_000)
  const startedMs = Number(lines[0]?.split(' ')[1])
  cloud.crashHost(one)
  await pass(1000)
  cloud.powerOnHost(one)
  await pass(120_000)
  const [, killed = '', again = ''] = lines
  t.is(lines.length, 3)
  t.is(killed, `kill ${startedMs + Math.ceil((10_000 - startedMs) / 1000) * 1000}`)
  t.regex(again, /^start \d+$/)
  t.is((Number(again.split(' ')[1]) - startedMs) % 1000, 0)
})

test('a host that hangs keeps its process', async (t) => {
  const { cloud, one, pass, lines } = runOnFirstHost()
  await pass(10_000)
  cloud.hangHost(one)
  await pass(10_000)
  t.is(lines.length, 1)
})
