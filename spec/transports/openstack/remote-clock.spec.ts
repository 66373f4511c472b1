/** A cloud whose clock differs from ours: its times are converted to our clock. */
import test, { type ExecutionContext } from 'ava'
import { hostName, instanceId } from '../../../schema/ids.ts'
import { RemoteClock } from '../../../transports/openstack/remote-clock.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { openTo, SmallCloud } from './small-cloud.ts'

const INSTANCE = instanceId('5c3f1f9e-4f43-4a52-9a0c-3c8f58c3b8b1')
const SOURCE = hostName('compute-1')
const MINUTE_MS = 60_000

const isAbout = (t: ExecutionContext, actualMs: number | undefined, wantedMs: number): void => {
  if (actualMs === undefined) return t.fail()
  t.true(Math.abs(actualMs - wantedMs) < 5000, `${actualMs - wantedMs} ms off`)
}

for (const minutes of [-30, -2, 0, 2, 30]) {
  test(`an action that Nova has just done is shown as just done, at any difference of the clocks: ${minutes} min`, async (t) => {
    await using cloud = await SmallCloud.start()
    const theirs = new Date(Date.now() + minutes * MINUTE_MS)
    const stamp = theirs.toISOString().replace('Z', '')
    const action = { action: 'reboot', user_id: 'u', start_time: stamp }
    const migration = {
      id: 1,
      uuid: 'm',
      instance_uuid: INSTANCE,
      status: 'done',
      source_compute: SOURCE,
      dest_compute: null,
      created_at: stamp,
    }
    cloud.api = () => ({
      status: 200,
      headers: { Date: theirs.toUTCString() },
      body: { instanceActions: [action], migrations: [migration] },
    })
    await using openstack = await openTo(cloud)
    const { compute } = openstack
    isAbout(t, (await compute.listActions(INSTANCE))[0]?.startedAt, Date.now())
    const [record] = await compute.listEvacuations(SOURCE, Date.now() - MINUTE_MS)
    isAbout(t, record?.createdAt, Date.now())
  })
}

test("the time of Nova's last write to a row does not depend on when it is read", async (t) => {
  await using cloud = await SmallCloud.start()
  const service = {
    id: 's',
    host: SOURCE,
    state: 'up',
    status: 'enabled',
    forced_down: false,
    disabled_reason: null,
    updated_at: '2026-11-22T11:00:00.000000',
  }
  const seen = new Set<number | null | undefined>()
  await using openstack = await openTo(cloud)
  for (const seconds of [-1800, -1799, -2, -4]) {
    const theirs = new Date(Date.now() + seconds * 1000)
    cloud.api = () => ({
      status: 200,
      headers: { Date: theirs.toUTCString() },
      body: { services: [service] },
    })
    seen.add((await openstack.compute.findService(SOURCE))?.writtenAt)
  }
  t.deepEqual([...seen], [Date.UTC(2026, 10, 22, 11)], 'a row that nobody writes is no heartbeat')
})

for (const minutes of [-30, 0, 30]) {
  test(`the age of a heartbeat depends on Nova's clock alone: ${minutes} min`, async (t) => {
    await using cloud = await SmallCloud.start()
    const theirMs = Date.now() + minutes * MINUTE_MS
    const service = {
      id: 's',
      host: SOURCE,
      state: 'up',
      status: 'enabled',
      forced_down: false,
      disabled_reason: null,
      updated_at: new Date(theirMs - 20_000).toISOString().replace('Z', ''),
    }
    cloud.api = () => ({
      status: 200,
      headers: { Date: new Date(theirMs).toUTCString() },
      body: { services: [service] },
    })
    await using openstack = await openTo(cloud)
    const found = await openstack.compute.findService(SOURCE)
    isAbout(t, found?.writtenAgoMs ?? undefined, 20_000)
  })
}

test('less than three seconds counts as no difference, and an answer without a Date changes nothing', (t) => {
  const clock = new SystemClock()
  const remote = new RemoteClock(clock)
  const hear = (offMs: number) =>
    remote.hear({ date: new Date(clock.wallMs() + offMs).toUTCString() })
  hear(-1500)
  t.is(remote.ours(0), 0)
  hear(-60_000)
  isAbout(t, remote.ours(0), 60_000)
  remote.hear({})
  isAbout(t, remote.ours(0), 60_000)
  remote.hear({ date: 'yesterday' })
  isAbout(t, remote.ours(0), 60_000)
})
