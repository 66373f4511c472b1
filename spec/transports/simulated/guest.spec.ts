/** Simulated guests: who runs where, and who answers. */
import test from 'ava'
import { buildWorld } from './world.ts'
import { settle } from './virtual-time.ts'

test('guests of a host are those that run there', async (t) => {
  const { cloud, during, one } = buildWorld()
  const running = cloud.instances.filter((row) => row.host === one && row.vmState === 'active')
  t.deepEqual(
    await during(cloud.guest(one).list()),
    running.map(({ id }) => id),
  )
})

test('well guest is alive, hung guest silent until it is rebooted, dead guest gone', async (t) => {
  const { cloud, compute, during, pass, runningOn, one } = buildWorld()
  const { id } = runningOn(one)
  const guests = cloud.guest(one)
  t.is(await during(guests.heartbeat(id, 1000)), 'alive')
  cloud.hangGuest(id)
  t.is(await during(guests.heartbeat(id, 1000)), 'silent')
  await during(compute.hardReboot(id))
  await pass(5000)
  t.is(await during(guests.heartbeat(id, 1000)), 'alive')
  cloud.killGuest(id)
  t.is(await during(guests.heartbeat(id, 1000)), 'gone')
})

test('call on a hung host ends when the host goes on, and on a host without power never', async (t) => {
  const { cloud, during, pass, runningOn, one } = buildWorld()
  const { id } = runningOn(one)
  cloud.hangHost(one)
  let sign = 'none yet'
  const call = cloud.guest(one).heartbeat(id, 1000)
  const followed = (async () => {
    sign = await call
  })()
  await pass(60_000)
  t.is(sign, 'none yet')
  cloud.thawHost(one)
  await during(followed)
  t.is(sign, 'alive')
  cloud.crashHost(one)
  let isOver = false
  const last = cloud.guest(one).list()
  last.then(
    () => (isOver = true),
    () => (isOver = true),
  )
  await pass(60_000)
  await settle()
  t.false(isOver)
})
