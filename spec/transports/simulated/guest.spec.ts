/** Simulated guests: who runs where, and who answers. */
import test from 'ava'
import { buildWorld } from './world.ts'
import { settle } from './virtual-time.ts'

test('guests of a host are those that run there', async (t) => {
  const { cloud, during, one } = buildWorld()
  const running = cloud.instances.filter((row) => row.host === one && row.vmState === 'active')
  const signs = await during(cloud.guest(one).heartbeats(1000))
  t.deepEqual(
    [...signs.keys()],
    running.map(({ id }) => id),
  )
})

test('well guest is alive, hung guest silent until it is rebooted, dead guest gone', async (t) => {
  const { cloud, compute, during, pass, runningOn, one } = buildWorld()
  const { id } = runningOn(one)
  const guests = cloud.guest(one)
  const sign = async (): Promise<string | undefined> =>
    (await during(guests.heartbeats(1000))).get(id)
  t.is(await sign(), 'alive')
  cloud.hangGuest(id)
  t.is(await sign(), 'silent')
  await during(compute.hardReboot(id))
  await pass(5000)
  t.is(await sign(), 'alive')
  cloud.killGuest(id)
  t.is(await sign(), undefined)
})

test('call on a hung host ends when the host goes on, and on a host without power never', async (t) => {
  const { cloud, during, pass, runningOn, one } = buildWorld()
  const { id } = runningOn(one)
  cloud.hangHost(one)
  let sign: string | undefined = 'none yet'
  const call = cloud.guest(one).heartbeats(1000)
  const followed = (async () => {
    sign = (await call).get(id)
  })()
  await pass(60_000)
  t.is(sign, 'none yet')
  cloud.thawHost(one)
  await during(followed)
  t.is(sign, 'alive')
  cloud.crashHost(one)
  let isOver = false
  const last = cloud.guest(one).heartbeats(1000)
  last.then(
    () => (isOver = true),
    () => (isOver = true),
  )
  await pass(60_000)
  await settle()
  t.false(isOver)
})
