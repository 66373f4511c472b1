/** A real libvirt daemon with real guests: the suite that the simulated one passes, and faults that only a real one has. */
import test from 'ava'
import { LibvirtGuests } from '../../../transports/libvirt/guests.ts'
import type { GuestNews, GuestView } from '../../../actors/ports/guest.ts'
import type { InstanceId } from '../../../schema/ids.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { guestConformance, NewsReader, type TestGuest } from '../../support/guest-conformance.ts'
import { startLibvirtd, type Libvirtd, type RealGuest } from '../../support/libvirtd.ts'
import type { GuestOptions } from '../../support/libvirt-domain.ts'
import { until } from '../../support/until.ts'
import { WatcherWalk } from '../../actors/instance-watcher/watcher-walk.ts'
import { lines, locationOf } from './world.ts'

let daemon: Libvirtd
/** Killed by a test of its own: the others go on meanwhile with the one above. */
let mortal: Libvirtd

test.before(async () => {
  daemon = await startLibvirtd()
  mortal = await startLibvirtd()
})
test.after.always(async () => {
  await daemon[Symbol.asyncDispose]()
  await mortal[Symbol.asyncDispose]()
})

const openPort = (at: Libvirtd): LibvirtGuests =>
  new LibvirtGuests({ clock: new SystemClock(), log: lines().log, location: locationOf(at.socket) })

/** What an instance-watcher reports of all that was read of one guest. */
function reportsOf(read: readonly GuestNews[], instance: InstanceId): readonly string[] {
  const walk = new WatcherWalk()
  for (const news of read) {
    if (news.type === 'snapshot') {
      const guests = news.guests.filter((guest) => guest.instance === instance)
      walk.news({ type: 'snapshot', guests })
    } else if (news.type === 'seen' ? news.guest.instance === instance : true) {
      walk.news(news)
    }
  }
  walk.pass(10_000)
  return walk.reports
}

const view = (views: readonly GuestView[], guest: RealGuest): GuestView | undefined =>
  views.find(({ instance }) => instance === guest.instance)

async function startGuest(at: Libvirtd, options: GuestOptions = {}): Promise<RealGuest> {
  const guest = await at.startGuest(options)
  await guest.booted()
  return guest
}

guestConformance(test, () => ({
  openPort: () => openPort(daemon),
  startGuest: async (): Promise<TestGuest> => {
    const guest = await startGuest(daemon)
    return {
      instance: guest.instance,
      kill: () => guest.signal('SIGKILL'),
      hang: () => guest.signal('SIGSTOP'),
      shutDown: async () => void (await guest.virsh('shutdown')),
      start: async () => {
        await guest.virsh('start')
        await guest.booted()
      },
    }
  },
}))

test('a panic is told, and then that the guest was stopped for it', async (t) => {
  await using port = openPort(daemon)
  const news = new NewsReader(port)
  const guest = await startGuest(daemon)
  const { instance } = guest
  await news.snapshot()
  await guest.inside('echo c > /proc/sysrq-trigger')
  await news.event(instance, 'stopped-crashed')
  t.true(news.eventsOf(instance).includes('crashed-panicked'))
  t.deepEqual(reportsOf(news.read, instance), ['LIFECYCLE STOPPED_CRASHED'])
})

test('a guest that reboots itself has no agent for a while, and answers again', async (t) => {
  await using port = openPort(daemon)
  const news = new NewsReader(port)
  const guest = await startGuest(daemon)
  const { instance } = guest
  await news.snapshot()
  await guest.inside('reboot -f')
  await news.event(instance, 'agent-connected')
  const events = news.eventsOf(instance)
  t.true(events.includes('agent-disconnected'))
  t.true(events.includes('reboot'))
  t.is((await port.heartbeats([instance], 5000)).get(instance), 'alive')
  t.deepEqual(reportsOf(news.read, instance), [])
})

test('a guest without its agent is unknown at once, not silent', async (t) => {
  await using port = openPort(daemon)
  const news = new NewsReader(port)
  const guest = await startGuest(daemon)
  const { instance } = guest
  await news.snapshot()
  await guest.inside('touch /agent-off; kill $(pidof qemu-ga)')
  await news.event(instance, 'agent-disconnected')
  t.is((await port.heartbeats([instance], 2000)).get(instance), 'unknown')
})

test('an agent that freezes is silent, although its guest runs', async (t) => {
  await using port = openPort(daemon)
  const guest = await startGuest(daemon)
  const { instance } = guest
  await new NewsReader(port).snapshot()
  await guest.inside('kill -STOP $(pidof qemu-ga)')
  const sign = async (): Promise<string | undefined> =>
    (await port.heartbeats([instance], 1000)).get(instance)
  await until('the frozen agent is silent', async () => (await sign()) === 'silent')
  t.is(await sign(), 'silent')
})

test('a late answer to a ping is a sign of life', async (t) => {
  await using port = openPort(daemon)
  const guest = await startGuest(daemon)
  const { instance } = guest
  await new NewsReader(port).snapshot()
  const sign = async (timeoutMs: number): Promise<string | undefined> =>
    (await port.heartbeats([instance], timeoutMs)).get(instance)
  await guest.signal('SIGSTOP')
  t.is(await sign(1000), 'silent')
  t.is(await sign(500), 'silent', 'libvirt gives the second ping five seconds')
  const late = sign(10_000)
  await guest.signal('SIGCONT')
  t.is(await late, 'alive')
})

test('a watchdog that powers a guest off is told before its end, which looks like that of an emulator', async (t) => {
  await using port = openPort(daemon)
  const news = new NewsReader(port)
  const guest = await startGuest(daemon, { watchdog: 'poweroff' })
  const { instance } = guest
  await news.snapshot()
  await guest.inside('fire-watchdog')
  await news.event(instance, 'stopped-failed')
  t.true(news.eventsOf(instance).includes('watchdog-poweroff'))
  t.deepEqual(reportsOf(news.read, instance), ['WATCHDOG WATCHDOG_POWEROFF'])
})

test('a disk whose storage is full is told as that, just before the pause', async (t) => {
  await using port = openPort(daemon)
  const news = new NewsReader(port)
  const guest = await startGuest(daemon)
  const { instance } = guest
  await news.snapshot()
  await guest.inside('dd if=/dev/urandom of=/dev/vda bs=1M count=4 conv=fsync')
  await news.event(instance, 'suspended-io-error')
  const events = news.eventsOf(instance)
  t.true(events.indexOf('disk-full') !== -1)
  t.true(events.indexOf('disk-full') < events.indexOf('suspended-io-error'))
  t.deepEqual(reportsOf(news.read, instance), [])
})

test('a request to a disk that fails is told, where the guest is to deal with it', async (t) => {
  await using port = openPort(daemon)
  const news = new NewsReader(port)
  const guest = await startGuest(daemon, { errorPolicy: 'report' })
  const { instance } = guest
  await news.snapshot()
  await guest.inside('dd if=/dev/urandom of=/dev/vda bs=1M count=4 conv=fsync')
  await news.event(instance, 'io-error-report', 'disk-full')
  t.deepEqual(
    reportsOf(news.read, instance),
    news.eventsOf(instance).includes('io-error-report') ? ['IO_ERROR IO_ERROR_REPORT'] : [],
  )
})

test('domains of others are not told of, and a guest with an odd name without a channel is', async (t) => {
  await using port = openPort(daemon)
  const news = new NewsReader(port)
  const other = await daemon.startGuest({ owner: 'other' })
  const odd = await daemon.startGuest({
    name: `odd 'name' <&> "ü" ${'x'.repeat(60)}`,
    agent: 'no-channel',
  })
  const views = await news.snapshot()
  t.is(
    views.find(({ instance }) => instance === other.instance),
    undefined,
  )
  t.is(views.find(({ instance }) => instance === odd.instance)?.agent, 'none')
  await other.virsh('destroy')
  await odd.virsh('destroy')
  await news.event(odd.instance, 'stopped-destroyed')
  t.deepEqual(news.eventsOf(other.instance), [])
})

test('after the daemon was killed, a snapshot shows what the gap hid', async (t) => {
  await using port = openPort(mortal)
  const news = new NewsReader(port)
  const [dies, hangs, stays] = await Promise.all([
    startGuest(mortal),
    startGuest(mortal),
    startGuest(mortal),
  ])
  const before = await news.snapshot()
  await mortal.kill()
  await news.until(({ type }) => type === 'lost')
  t.is(port.health().daemon, 'silent')
  await dies.signal('SIGKILL')
  await hangs.signal('SIGSTOP')
  const asked = await port.heartbeats([stays.instance], 1000)
  t.is(asked.get(stays.instance), 'unknown')
  await mortal.restart()
  const after = await news.snapshot()
  t.is(view(after, dies)?.power, 'failed')
  t.is(view(after, stays)?.power, 'running')
  t.is(view(after, stays)?.run, view(before, stays)?.run)
  t.is(port.health().daemon, 'answers')
  t.deepEqual(reportsOf(news.read, dies.instance), ['LIFECYCLE STOPPED_FAILED'])
  t.deepEqual(reportsOf(news.read, stays.instance), [])
  const sign = async (guest: RealGuest): Promise<string | undefined> =>
    (await port.heartbeats([guest.instance], 2000)).get(guest.instance)
  await until('the healthy guest answers', async () => (await sign(stays)) === 'alive')
  t.not(await sign(hangs), 'alive')
})
