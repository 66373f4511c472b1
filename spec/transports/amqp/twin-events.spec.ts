/** Nova's two notifications of one event: with both formats it comes out once, with either alone all of it. */
import test from 'ava'
import { parseOsloNotification } from '../../../transports/amqp/oslo-envelope.ts'
import { TwinEvents, commonType } from '../../../transports/amqp/twin-events.ts'
import { captures } from '../../support/notifications.ts'

/** Types of one event, as Nova's source has them. */
const PAIRS: readonly (readonly [unversioned: string, versioned: string])[] = [
  ['compute.instance.update', 'instance.update'],
  ['compute.instance.rebuild.scheduled', 'instance.rebuild_scheduled'],
  ['compute.instance.finish_resize.end', 'instance.resize_finish.end'],
  ['compute.instance.resize.prep.start', 'instance.resize_prep.start'],
  ['compute.instance.live_migration._post.end', 'instance.live_migration_post.end'],
  ['compute.instance.live_migration.post.dest.end', 'instance.live_migration_post_dest.end'],
  ['compute.instance.power_off.end', 'instance.power_off.end'],
  ['compute_task.rebuild_server', 'compute_task.rebuild_server.error'],
  ['compute.libvirt.error', 'libvirt.connect.error'],
  ['compute.metrics.update', 'metrics.update'],
  ['scheduler.select_destinations.end', 'scheduler.select_destinations.end'],
]

for (const [unversioned, versioned] of PAIRS) {
  test(`${unversioned} and ${versioned} are one event`, (t) => {
    t.is(commonType(unversioned), commonType(versioned))
  })
}

const UNVERSIONED = { format: 'unversioned', key: 'k' } as const
const VERSIONED = { format: 'versioned', key: 'k' } as const

test('one format alone loses nothing', (t) => {
  const twins = new TwinEvents()
  for (let atMs = 0; atMs < 5; atMs += 1) t.false(twins.note(VERSIONED, atMs))
})

test('of two formats each event counts once, in whatever order they come', (t) => {
  for (const order of ['uvuv', 'uuvv', 'vuuv', 'vvuu']) {
    const twins = new TwinEvents()
    const said = order
      .split('')
      .map((each) => twins.note(each === 'u' ? UNVERSIONED : VERSIONED, 0))
    t.is(said.filter((isTwin) => !isTwin).length, 2, order)
  }
})

test('what comes much later is of another event', (t) => {
  const twins = new TwinEvents()
  twins.note(UNVERSIONED, 0)
  t.false(twins.note(VERSIONED, 60_001))
})

test('captured twins of one request have one key, and those of other events have other ones', async (t) => {
  const read = (await captures()).map(({ body }) => parseOsloNotification(body))
  const [unversioned, versioned] = (['unversioned', 'versioned'] as const).map((format) =>
    read.filter(({ event }) => event.format === format).map(({ twinKey }) => twinKey),
  )
  const shared = new Set(unversioned?.filter((key) => versioned?.includes(key)))
  t.true(shared.size >= 10, `${shared.size}`)
  const twins = new TwinEvents()
  const published = read.filter(
    ({ event, twinKey }) => !twins.note({ format: event.format, key: twinKey }, 0),
  )
  t.true(published.length <= read.length - shared.size)
  t.deepEqual(new Set(published.map(({ twinKey }) => twinKey)), new Set(read.map((n) => n.twinKey)))
})
