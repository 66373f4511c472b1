/** Simulated guests pass the suite that real ones pass; and what only a simulated host can show. */
import test from 'ava'
import type { GuestNews, GuestPort, GuestSign } from '../../../actors/ports/guest.ts'
import type { InstanceId } from '../../../schema/ids.ts'
import {
  guestConformance,
  type GuestWorld,
  type TestGuest,
} from '../../support/guest-conformance.ts'
import { until } from '../../support/until.ts'
import { buildRunawayCloud, buildWorld } from './world.ts'
import { settle } from './virtual-time.ts'

const { cloud: runaway, nextHost } = buildRunawayCloud()
const { name: hypervisor } = nextHost()
let booted = 0

const world: GuestWorld = {
  openPort: () => {
    const port = runaway.guest(hypervisor)
    return {
      news: (from, signal) => port.news(from, signal),
      heartbeats: (instances, timeoutMs) => port.heartbeats(instances, timeoutMs),
      [Symbol.asyncDispose]: async () => {},
    }
  },
  startGuest: async (): Promise<TestGuest> => {
    booted += 1
    const instance = runaway.bootInstance(hypervisor, `guest-${booted}`)
    const hasBooted = (): Promise<void> =>
      until('the guest has booted', () => runaway.hasBooted(instance, hypervisor))
    await hasBooted()
    return {
      instance,
      kill: async () => runaway.killGuest(instance),
      hang: async () => runaway.hangGuest(instance),
      shutDown: async () => void runaway.stopGuest(instance),
      start: async () => {
        runaway.startGuest(instance)
        await hasBooted()
      },
    }
  },
}

guestConformance(test, () => world)

const never = new AbortController().signal

const signOf = async (port: GuestPort, id: InstanceId): Promise<GuestSign | undefined> =>
  (await port.heartbeats([id], 1000)).get(id)

test('guests of a host are those that run there', async (t) => {
  const { cloud, during, one } = buildWorld()
  const running = cloud.instances.filter((row) => row.host === one && row.vmState === 'active')
  const [first] = await during(cloud.guest(one).news('snapshot', never))
  t.deepEqual(
    first?.type === 'snapshot' ? first.guests.map(({ instance }) => instance) : [],
    running.map(({ id }) => id),
  )
})

test('a guest that hangs is silent until it is rebooted', async (t) => {
  const { cloud, compute, during, pass, runningOn, one } = buildWorld()
  const { id } = runningOn(one)
  const guests = cloud.guest(one)
  cloud.hangGuest(id)
  t.is(await during(signOf(guests, id)), 'silent')
  await during(compute.hardReboot(id))
  await pass(5000)
  t.is(await during(signOf(guests, id)), 'unknown', 'it boots')
  await pass(15_000)
  t.is(await during(signOf(guests, id)), 'alive')
})

test('a call on a hung host ends when the host goes on, and on a host without power never', async (t) => {
  const { cloud, during, pass, runningOn, one } = buildWorld()
  const { id } = runningOn(one)
  cloud.hangHost(one)
  let sign: string | undefined = 'none yet'
  const call = signOf(cloud.guest(one), id)
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
  const last = cloud.guest(one).news('snapshot', never)
  last.then(
    () => (isOver = true),
    () => (isOver = true),
  )
  await pass(60_000)
  await settle()
  t.false(isOver)
})

test('a listener that was left far behind begins anew with a snapshot', async (t) => {
  const { cloud, during, runningOn, one } = buildWorld()
  const { id } = runningOn(one)
  const port = cloud.guest(one)
  await during(port.news('snapshot', never))
  for (let times = 0; times < 1500; times += 1) {
    cloud.stopGuest(id)
    cloud.startGuest(id)
  }
  const news: readonly GuestNews[] = await during(port.news('last-call', never))
  t.deepEqual(
    news.map(({ type }) => type),
    ['snapshot'],
  )
})
