/** What real hypervisors tell when something happens to a guest, in their order, and what is reported of it. */
import test from 'ava'
import { GUEST_EVENTS, type GuestEvent } from '../../../actors/ports/guest.ts'
import { I1 } from '../records.ts'
import { running, WatcherWalk } from './watcher-walk.ts'

interface Story {
  readonly title: string
  /** Events, and pauses between them, ms. */
  readonly events: readonly (GuestEvent | number)[]
  readonly reports: readonly string[]
  readonly remarks?: number
}

const NOTHING: readonly string[] = []

const STORIES: readonly Story[] = [
  {
    title: 'an owner powers the guest off inside, or Nova stops it',
    events: ['agent-disconnected', 'shutdown', 1500, 'stopped-shutdown'],
    reports: NOTHING,
  },
  {
    title: 'Nova powers the guest off, and reboots it hard',
    events: ['shutdown', 1500, 'stopped-destroyed', 'undefined', 'defined', 'started'],
    reports: NOTHING,
  },
  {
    title: 'the guest reboots itself',
    events: ['agent-disconnected', 'reboot', 'reboot', 'reboot', 5000, 'agent-connected'],
    reports: NOTHING,
  },
  {
    title: 'the guest panics and is stopped',
    events: ['suspended', 'crashed-panicked', 1500, 'stopped-crashed'],
    reports: ['LIFECYCLE STOPPED_CRASHED'],
  },
  {
    title: 'the guest panics and is kept as it is',
    events: ['crashed-panicked', 6000],
    reports: ['LIFECYCLE CRASHED_PANICKED'],
  },
  {
    title: 'the guest panics, is kept as it is, and is powered off by somebody who saw it',
    events: ['crashed-panicked', 2000, 'shutdown', 'stopped-destroyed', 6000],
    reports: NOTHING,
  },
  {
    title: 'the guest panics and is started again by itself',
    events: ['suspended', 'crashed-panicked', 'reboot', 'resumed', 'agent-disconnected', 6000],
    reports: NOTHING,
    remarks: 1,
  },
  {
    title: 'the emulator dies',
    events: ['agent-disconnected', 1500, 'stopped-failed'],
    reports: ['LIFECYCLE STOPPED_FAILED'],
  },
  {
    title: "the guest's watchdog powers it off, which looks like the death of an emulator",
    events: ['watchdog-poweroff', 1600, 'stopped-failed', 6000],
    reports: ['WATCHDOG WATCHDOG_POWEROFF'],
  },
  {
    title: "the guest's watchdog pauses it",
    events: ['watchdog-pause', 'suspended-watchdog'],
    reports: ['WATCHDOG WATCHDOG_PAUSE'],
  },
  {
    title: "the guest's watchdog restarts it",
    events: ['watchdog-reset', 'agent-disconnected', 'reboot', 'reboot', 'reboot'],
    reports: NOTHING,
    remarks: 1,
  },
  {
    title: 'the storage of a disk is full, and the guest is paused',
    events: ['disk-full', 'suspended-io-error'],
    reports: NOTHING,
    remarks: 1,
  },
  {
    title: 'a disk fails, and the guest is paused',
    events: ['io-error-pause', 'suspended-io-error'],
    reports: ['IO_ERROR IO_ERROR_PAUSE'],
  },
  {
    title: 'a disk that was full and has room again fails later',
    events: ['disk-full', 'suspended-io-error', 1000, 'resumed', 1000, 'suspended-io-error'],
    reports: ['LIFECYCLE SUSPENDED_IOERROR'],
    remarks: 1,
  },
  {
    title: 'a disk fails, and the guest is told for each request',
    events: ['io-error-report', 'io-error-report', 'io-error-report', 2000, 'io-error-report'],
    reports: ['IO_ERROR IO_ERROR_REPORT'],
  },
  {
    title: 'a failing disk is ignored, request by request',
    events: ['io-error-none', 'io-error-none', 'io-error-none'],
    reports: NOTHING,
    remarks: 1,
  },
  {
    title: 'a disk fails, and then the emulator dies of it',
    events: ['io-error-report', 3000, 'stopped-failed'],
    reports: ['IO_ERROR IO_ERROR_REPORT', 'LIFECYCLE STOPPED_FAILED'],
  },
  {
    title: 'the emulator dies, is started again, and dies again',
    events: ['stopped-failed', 20_000, 'started', 20_000, 'stopped-failed'],
    reports: ['LIFECYCLE STOPPED_FAILED', 'LIFECYCLE STOPPED_FAILED'],
  },
  {
    title: 'an owner pauses the guest and lets it go on',
    events: ['suspended', 30_000, 'resumed'],
    reports: NOTHING,
  },
  {
    title: 'Nova suspends the guest to disk, and resumes it',
    events: ['suspended', 1400, 'stopped-saved', 5000, 'started', 'resumed', 'agent-connected'],
    reports: NOTHING,
  },
  {
    title: 'the guest is migrated away',
    events: ['suspended-migration', 1900, 'stopped-migrated', 'undefined'],
    reports: NOTHING,
  },
]

for (const { title, events, reports, remarks = 0 } of STORIES) {
  test(`${title}: ${reports.length === 0 ? 'nothing is reported' : reports.join(', ')}`, (t) => {
    const walk = new WatcherWalk(running())
    walk.answers.set(I1, 'alive')
    walk.pass(1000)
    for (const each of events) {
      if (typeof each === 'number') walk.pass(each)
      else walk.events(each)
    }
    walk.pass(60_000)
    t.deepEqual(walk.reports, reports)
    t.is(walk.remarks.length, remarks, walk.remarks.join('; '))
  })
}

test('a guest that nobody has seen has no faults', (t) => {
  const walk = new WatcherWalk()
  walk.events(...GUEST_EVENTS)
  walk.pass(60_000)
  t.deepEqual(walk.reports, [])
})
