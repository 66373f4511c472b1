/** Lists of every store: filters, order, pages. */
import type { ExecutionContext } from 'ava'
import type { Page, StorePort } from '../../actors/ports/store.ts'
import { segmentId } from '../../schema/ids.ts'
import type { Segment } from '../../schema/records.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  segmentFields,
  wholePage,
  type OpenWorld,
  type RegisterTest,
} from './store-world.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'

const page = (marker: string): Page => ({ limit: 9, marker, sort: [] })

/** Registers the tests. */
export function listConformance(test: RegisterTest, open: OpenWorld): void {
  test('segment filters ignore case and trailing blanks, and unknown values find nothing', async (t) => {
    await using world = await open()
    const { store } = world
    await store.createSegment(segmentFields('on'))
    await store.createSegment({
      ...segmentFields('off'),
      enabled: false,
      recoveryMethod: 'rh_priority',
    })
    const names = async (filter: object): Promise<readonly string[]> =>
      (await store.listSegments(filter, wholePage)).map(({ name }) => name)
    t.deepEqual(await names({}), ['off', 'on'])
    t.deepEqual(await names({ enabled: true }), ['on'])
    t.deepEqual(await names({ enabled: false }), ['off'])
    t.deepEqual(await names({ recoveryMethod: 'rh_priority' }), ['off'])
    t.deepEqual(await names({ recoveryMethod: "' OR 1=1 -- " }), [])
    t.deepEqual(await names({ serviceType: 'compute  ' }), ['off', 'on'])
    t.deepEqual(await names({ serviceType: ' compute' }), [])
    t.deepEqual(await names({ serviceType: 'comput_' }), [])
    t.deepEqual(await names({ serviceType: 'COMPUTE', enabled: true }), ['on'])
  })

  test('host filters work, each and together', async (t) => {
    await using world = await open()
    const { store } = world
    const { uuid: segment } = await store.createSegment(segmentFields('zone-a'))
    await store.createHost(segment, hostFields('Plain'))
    await store.createHost(segment, {
      ...hostFields('spare'),
      reserved: true,
      controlAttributes: 'rack 8',
    })
    await store.createHost(segment, { ...hostFields('away'), onMaintenance: true, type: 'other' })
    const names = async (filter: object): Promise<readonly string[]> =>
      (await store.listHosts({ segment, ...filter }, wholePage)).map(({ name }) => name)
    t.deepEqual(await names({}), ['away', 'spare', 'Plain'])
    t.deepEqual(await names({ name: 'plain' }), ['Plain'])
    t.deepEqual(await names({ type: 'OTHER' }), ['away'])
    t.deepEqual(await names({ controlAttributes: 'rack 8' }), ['spare'])
    t.deepEqual(await names({ reserved: true }), ['spare'])
    t.deepEqual(await names({ onMaintenance: false }), ['spare', 'Plain'])
    t.deepEqual(await names({ onMaintenance: false, reserved: false }), ['Plain'])
    const nowhere = { segment: segmentId(NOBODY) }
    await t.throwsAsync(store.listHosts(nowhere, wholePage), { code: 'SEGMENT_NOT_FOUND' })
  })

  test('notification filters find by status, host, type and time', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { uuid: segment } = await store.createSegment(segmentFields('zone-a'))
    const one = await store.createHost(segment, hostFields('compute-1'))
    await store.createHost(segment, hostFields('compute-2'))
    const early = await accepted(store, hostStopped('compute-1', clock.wall - 60_001))
    const late = await accepted(store, hostStopped('compute-2', clock.wall))
    const found = async (filter: object): Promise<readonly string[]> =>
      (await store.listNotifications(filter, wholePage)).map(({ uuid }) => uuid)
    t.deepEqual(await found({}), [late.uuid, early.uuid])
    t.deepEqual(await found({ sourceHost: one.uuid }), [early.uuid])
    t.deepEqual(await found({ status: 'new', type: 'COMPUTE_HOST' }), [late.uuid, early.uuid])
    t.deepEqual(await found({ status: 'finished' }), [])
    t.deepEqual(await found({ type: 'VM' }), [])
    t.deepEqual(await found({ generatedSince: early.generatedAt + 1 }), [late.uuid])
    t.deepEqual(await found({ generatedSince: early.generatedAt }), [late.uuid, early.uuid])
  })

  test('pages follow each other in every order, over empty values and equal times', async (t) => {
    await using world = await open()
    const { store, clock } = world
    for (const [index, name] of ['b', 'C', 'a', 'D', 'e'].entries()) {
      const description = [null, 'x', null, 'y', 'X'][index] ?? null
      const { uuid } = await store.createSegment({ ...segmentFields(name), description })
      if (index % 2 === 0) clock.wall += 1000
      if (index % 2 === 0) await store.updateSegment(uuid, { enabled: false })
    }
    const orders: readonly Page['sort'][] = [
      [],
      [{ key: 'name', direction: 'asc' }],
      [{ key: 'description', direction: 'asc' }],
      [{ key: 'description', direction: 'desc' }],
      [
        { key: 'updated_at', direction: 'desc' },
        { key: 'name', direction: 'asc' },
      ],
      [{ key: 'id', direction: 'asc' }],
    ]
    for (const sort of orders) await walks(t, store, sort)
    const byName = await store.listSegments(
      {},
      { limit: 9, sort: [{ key: 'name', direction: 'asc' }] },
    )
    t.deepEqual(
      byName.map(({ name }) => name),
      ['a', 'b', 'C', 'D', 'e'],
    )
    const byDescription = await store.listSegments(
      {},
      { limit: 9, sort: [{ key: 'description', direction: 'asc' }] },
    )
    t.deepEqual(
      byDescription.map(({ name }) => name),
      ['b', 'a', 'C', 'e', 'D'],
    )
    t.deepEqual(await store.listSegments({}, { limit: 0, sort: [] }), [])
  })

  test('marker is the id or the uuid of a row, and not a text that only begins like one', async (t) => {
    await using world = await open()
    const { store } = world
    const first = await store.createSegment(segmentFields('a'))
    const second = await store.createSegment(segmentFields('b'))
    t.deepEqual(await store.listSegments({}, page(String(second.id))), [first])
    t.deepEqual(await store.listSegments({}, page(second.uuid)), [first])
    const malformed = [
      '',
      '1x',
      '1 or 1',
      '-1',
      '1.5',
      '0x1',
      'NaN',
      '9007199254740993',
      '9'.repeat(99),
    ]
    const absent = ['99', '0', NOBODY, `1${NOBODY.slice(1)}`, `${second.uuid}x`, "1'--", '１']
    for (const marker of [...malformed, ...absent]) {
      const message = `Marker ${marker} could not be found.`
      await t.throwsAsync(store.listSegments({}, page(marker)), {
        code: 'MARKER_NOT_FOUND',
        message,
      })
    }
    await store.deleteSegment(second.uuid)
    await t.throwsAsync(store.listSegments({}, page(second.uuid)), { code: 'MARKER_NOT_FOUND' })
  })

  test('order by a column that clients do not know is refused', async (t) => {
    await using world = await open()
    for (const key of ['nope', 'name_key', 'revision', '1', 'name; DROP TABLE segments']) {
      const page: Page = { limit: 1, sort: [{ key, direction: 'asc' }] }
      await t.throwsAsync(world.store.listSegments({}, page), { code: 'INPUT_INVALID' })
    }
  })
}

/** One row at a time gives the same as all rows at once, with markers by id and by uuid. */
async function walks(t: ExecutionContext, store: StorePort, sort: Page['sort']): Promise<void> {
  const all = await store.listSegments({}, { limit: 100, sort })
  for (const markerOf of [(row: Segment) => String(row.id), (row: Segment) => row.uuid]) {
    const walked: Segment[] = []
    for (let last: Segment | undefined; ; last = walked.at(-1)) {
      const marker = last === undefined ? {} : { marker: markerOf(last) }
      const rows = await store.listSegments({}, { limit: 2, sort, ...marker })
      if (rows.length === 0) break
      walked.push(...rows)
    }
    t.deepEqual(walked, [...all], JSON.stringify(sort))
  }
}
