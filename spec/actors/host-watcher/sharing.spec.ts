/** Hosts are shared out among the monitors that run: each has two watchers, and never none while monitors come and go. */
import test from 'ava'
import { Deployment } from '../../../ops/simulator/deployment.ts'
import { SMALL_SIZE } from '../../../ops/simulator/run-seed.ts'
import { defaultRules } from '../../simulator/story.ts'

const HOSTS = SMALL_SIZE.segments * SMALL_SIZE.hostsPerSegment
const MONITORS = ['monitor-1', 'monitor-2', 'monitor-3', 'monitor-4']

/** How many living processes watch each host, fewest first. */
function watchersOf({ actors }: Deployment): readonly number[] {
  const hosts = actors.flatMap(({ path }) => /host-watcher\/(\S+)$/.exec(path)?.[1] ?? [])
  const counts = Object.values(Object.groupBy(hosts, (host) => host))
  return counts.map((each = []) => each.length).toSorted((one, other) => one - other)
}

const two = Array.from({ length: HOSTS }, () => 2)

test('a monitor that dies is replaced, and one that comes takes its share, and no host is ever unwatched', async (t) => {
  await using deployment = new Deployment({ seed: 1, size: SMALL_SIZE, rules: defaultRules() })
  await deployment.prepare()
  for (const name of MONITORS) deployment.start(name, ['host-monitor'])
  await deployment.pass(60_000)
  t.deepEqual(watchersOf(deployment), two)

  const fewest: number[] = []
  const passSeconds = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      await deployment.pass(1000)
      const watchers = watchersOf(deployment)
      fewest.push(watchers.length < HOSTS ? 0 : (watchers[0] ?? 0))
    }
  }
  deployment.kill('monitor-1')
  await passSeconds(60)
  t.true(fewest.every((count) => count >= 1))
  t.deepEqual(watchersOf(deployment), two)

  fewest.length = 0
  deployment.start('monitor-1', ['host-monitor'])
  await passSeconds(60)
  t.true(fewest.every((count) => count >= 2))
  t.deepEqual(watchersOf(deployment), two)
  t.true(deployment.actors.length > 0)
})

test('while the store is away every host goes on being watched by the same monitors', async (t) => {
  await using deployment = new Deployment({ seed: 1, size: SMALL_SIZE, rules: defaultRules() })
  await deployment.prepare()
  for (const name of MONITORS) deployment.start(name, ['host-monitor'])
  await deployment.pass(60_000)
  deployment.closeStore(200_000)
  for (let minute = 0; minute < 4; minute += 1) {
    await deployment.pass(60_000)
    const watchers = watchersOf(deployment)
    t.is(watchers.length, HOSTS)
    t.true((watchers[0] ?? 0) >= 2)
  }
  await deployment.pass(60_000)
  t.deepEqual(watchersOf(deployment), two)
})
