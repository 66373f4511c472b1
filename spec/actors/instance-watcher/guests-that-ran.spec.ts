/** What an instance monitor finds of guests that failed while it was down, and what it must not take for a failure. */
import test from 'ava'
import type { GuestPower } from '../../../actors/ports/guest.ts'
import { GAP_MEANINGS } from '../../../actors/instance-watcher/guest-meanings.ts'
import { I1, I2 } from '../records.ts'
import { running, WatcherWalk } from './watcher-walk.ts'

const DIED = 'LIFECYCLE STOPPED_FAILED'
const HOUR = 3_600_000

/** A monitor that watched two guests and is started again after so long. */
function restarted(downMs: number): WatcherWalk {
  const walk = new WatcherWalk(running(), running(I2))
  walk.atMs += downMs
  walk.restart()
  return walk
}

const found = (walk: WatcherWalk, power: GuestPower): WatcherWalk => {
  walk.news({ type: 'snapshot', guests: [running(I1, { power, run: 9 }), running(I2)] })
  return walk
}

test('a guest whose emulator died while nobody looked is reported once', (t) => {
  const walk = found(restarted(60_000), 'failed')
  t.deepEqual(walk.reports, [DIED])
  walk.news({ type: 'snapshot', guests: [running(I1, { power: 'failed' }), running(I2)] })
  walk.restart()
  found(walk, 'failed')
  t.deepEqual(walk.reports, [DIED], 'the next process has not seen it run')
})

for (const [power, meaning] of Object.entries(GAP_MEANINGS)) {
  test(`a guest found ${power} after a restart is judged as after a gap of the connection`, (t) => {
    const walk = restarted(60_000)
    walk.news({ type: 'snapshot', guests: [running(I1, { power: power as GuestPower })] })
    const expected = meaning.kind === 'fault' ? [`${meaning.event} ${meaning.domainEvent}`] : []
    t.deepEqual(walk.reports, expected)
    t.deepEqual(walk.remarks, meaning.kind === 'remark' ? [meaning.text] : [])
  })
}

test('a guest that was started anew, that has left, or that never ran here before is not reported', (t) => {
  const walk = restarted(60_000)
  const other = running(I2, { run: 2, power: 'panicked' })
  walk.news({ type: 'snapshot', guests: [other] })
  t.deepEqual(walk.reports, [])
  const fresh = new WatcherWalk(running(I2))
  fresh.restart()
  t.deepEqual(found(fresh, 'failed').reports, [])
})

test('after a reboot of the host, or where the boot is not known, nothing is reported', (t) => {
  for (const boot of ['boot-2', undefined]) {
    const walk = new WatcherWalk(running(), running(I2))
    walk.disk.boot = boot
    walk.restart()
    t.deepEqual(found(walk, 'failed').reports, [], String(boot))
    t.deepEqual(walk.remarks, [])
  }
})

test('a record that is too old, or from the future, does not count, and the log says so', (t) => {
  t.deepEqual(found(restarted(HOUR - 1000), 'failed').reports, [DIED])
  const late = found(restarted(HOUR + 1000), 'failed')
  t.deepEqual(late.reports, [])
  t.is(late.remarks.length, 1)
  t.regex(late.remarks[0] ?? '', /kept 60 minutes ago, and counts for 60/)
  const early = restarted(0)
  early.atMs = 0
  if (early.disk.kept !== undefined) early.disk.kept = { ...early.disk.kept, keptAt: 120_000 }
  early.restart()
  t.deepEqual(found(early, 'failed').reports, [])
})

test('the record is written when something changes, and now and then, and not while libvirt is away', (t) => {
  const walk = new WatcherWalk(running(), running(I2))
  t.is(walk.writes, 1)
  walk.pass(200_000)
  t.is(walk.writes, 1)
  walk.events('stopped-failed')
  t.is(walk.writes, 2)
  t.deepEqual(walk.disk.kept?.runs, [{ instance: I2, run: 1 }])
  walk.pass(310_000)
  t.is(walk.writes, 3, 'so that its age is the time in which nobody looked')
  walk.news({ type: 'lost', reason: 'end of file' })
  walk.pass(900_000)
  t.is(walk.writes, 3)
  walk.restart()
  walk.pass(900_000)
  t.is(walk.writes, 3, 'before the first look nothing is known')
})

test('a fault that an earlier process could not send is not dropped because its guest ran once', (t) => {
  const walk = restarted(60_000)
  const fault = {
    id: 'old',
    instance: I1,
    gravity: 'stopped',
    event: 'LIFECYCLE',
    domainEvent: 'STOPPED_FAILED',
    evidence: [],
    foundAt: walk.atMs - 1000,
  } as const
  walk.tell({ type: 'reports.found', faults: [fault], wallMs: walk.atMs })
  t.deepEqual(walk.remarks, [], 'it is not dropped')
  found(walk, 'failed')
  walk.pass(6000)
  t.deepEqual(walk.reports, [DIED])
})
