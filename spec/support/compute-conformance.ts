/** The promises of every ComputePort: registers the tests for one kind of cloud. */
import type { TestFn } from 'ava'
import { hostName } from '../../schema/ids.ts'
import {
  bootOne,
  ended,
  isolateSource,
  NOBODY,
  NOWHERE,
  refuses,
  type ComputeWorld,
} from './compute-world.ts'
import { instanceConformance } from './instance-conformance.ts'

/** Registers the tests, one after the other, because they may share one cloud. */
export function computeConformance(test: TestFn, open: () => Promise<ComputeWorld>): void {
  instanceConformance(test, open)

  test.serial('services are listed, and found by their whole name', async (t) => {
    await using world = await open()
    const { compute, source, target } = world
    const services = await compute.listServices()
    for (const host of [source, target]) {
      const service = services.find((one) => one.host === host)
      t.like(service, { up: true, disabled: false, forcedDown: false })
      // The service may have sent a heartbeat meanwhile.
      const found = await compute.findService(host)
      const unwritten = { writtenAt: null, writtenAgoMs: null }
      t.deepEqual({ ...found, ...unwritten }, { ...service, ...unwritten })
    }
    t.is(await compute.findService(NOWHERE), undefined)
    t.is(await compute.findService(hostName(source.slice(0, -1))), undefined)
  })

  test.serial('the instances of a host are listed, and only those', async (t) => {
    await using world = await open()
    const { compute, source, target } = world
    const booted = await world.boot(3)
    const listed = await compute.listInstances(source)
    t.deepEqual(listed.map((one) => one.id).toSorted(), booted.toSorted())
    for (const instance of listed) {
      t.like(instance, { host: source, vmState: 'active', taskState: null, powerState: 1 })
      t.deepEqual(await compute.getInstance(instance.id), instance)
    }
    t.deepEqual(await compute.listInstances(target), [])
    await t.throwsAsync(
      compute.listInstances(NOWHERE),
      { code: 'COMPUTE_UNAVAILABLE' },
      'a host whose service Nova does not show may have instances',
    )
    t.is(await compute.getInstance(NOBODY), undefined)
  })

  test.serial('a host joins and leaves an aggregate, and either may be repeated', async (t) => {
    await using world = await open()
    const { compute, target } = world
    const id = await world.aggregate()
    const isIn = async (): Promise<boolean | undefined> =>
      (await compute.listAggregates()).find((one) => one.id === id)?.hosts.includes(target)
    for (let time = 0; time < 2; time += 1) {
      await compute.leaveAggregate(id, target)
      t.is(await isIn(), false)
    }
    for (let time = 0; time < 2; time += 1) {
      await compute.joinAggregate(id, target)
      t.is(await isIn(), true)
    }
    await compute.leaveAggregate(id, target)
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.joinAggregate(id, NOWHERE))
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.joinAggregate('987654321', target))
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.leaveAggregate('987654321', target))
  })

  test.serial('the instances of a project are listed, and only those', async (t) => {
    await using world = await open()
    const { compute, source, project } = world
    const booted = await world.boot(2)
    const listed = await compute.listProjectInstances(project)
    t.true(listed.every((instance) => instance.project === project))
    const ours = listed.filter(({ id }) => booted.includes(id))
    t.is(ours.length, 2)
    for (const instance of ours) {
      t.is(instance.host, source)
      t.deepEqual(await compute.getInstance(instance.id), instance)
    }
    t.deepEqual(await compute.listProjectInstances(NOBODY), [])
  })

  test.serial('nothing is evacuated from a host whose service is up', async (t) => {
    await using world = await open()
    const { compute, source, target } = world
    const id = await bootOne(world)
    const sinceMs = world.wallMs()
    await refuses(t, 'COMPUTE_REFUSED', compute.evacuate(id, target))
    t.like(await compute.getInstance(id), { host: source, taskState: null })
    t.deepEqual(await compute.listEvacuations(source, sinceMs), [])
  })

  test.serial('isolating disables and forces down at once, and may be repeated', async (t) => {
    await using world = await open()
    const { compute, source } = world
    await isolateSource(world)
    const isolated = { up: false, disabled: true, forcedDown: true }
    t.like(await compute.findService(source), isolated)
    await isolateSource(world)
    t.like(await compute.findService(source), isolated)
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.isolate(NOBODY, 'conformance'))
  })

  test.serial(
    'an isolated service returns step by step, and keeps what we did not set',
    async (t) => {
      await using world = await open()
      const { compute, source } = world
      const { id } = (await compute.findService(source)) ?? { id: 'none' }
      await compute.isolate(id, null)
      t.like(await compute.findService(source), { disabled: false, forcedDown: true, up: false })
      await compute.isolate(id, 'conformance')
      await compute.clearForcedDown(id)
      t.like(await compute.findService(source), { disabled: true, forcedDown: false })
      await compute.enable(id)
      t.like(await compute.findService(source), { disabled: false, forcedDown: false })
      await refuses(t, 'COMPUTE_NOT_FOUND', compute.clearForcedDown(NOBODY))
      await refuses(t, 'COMPUTE_NOT_FOUND', compute.enable(NOBODY))
    },
  )

  test.serial('an impossible evacuation is refused and leaves no record', async (t) => {
    await using world = await open()
    const { compute, source } = world
    const id = await bootOne(world)
    await isolateSource(world)
    const sinceMs = world.wallMs()
    await refuses(t, 'COMPUTE_REFUSED', compute.evacuate(id, NOWHERE))
    await refuses(t, 'COMPUTE_REFUSED', compute.evacuate(id, source))
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.evacuate(NOBODY, undefined))
    t.deepEqual(await compute.listEvacuations(source, sinceMs), [])
    t.like(await compute.getInstance(id), { host: source, vmState: 'active', taskState: null })
  })

  test.serial(
    'an evacuation has a record at once, ends as done, and changes the host',
    async (t) => {
      await using world = await open()
      const { compute, source, target } = world
      const id = await bootOne(world)
      await isolateSource(world)
      const sinceMs = world.wallMs()
      await compute.evacuate(id, target)
      const [record, ...others] = await compute.listEvacuations(source, sinceMs)
      t.like(record, { instance: id, source, dest: target })
      t.is(others.length, 0)
      t.true(Math.abs((record?.createdAt ?? 0) - sinceMs) < 60_000)
      t.like(await ended(world, id, sinceMs), {
        id: record?.id ?? '',
        status: 'done',
        dest: target,
      })
      const moved = { host: target, vmState: 'active', taskState: null, powerState: 1 }
      t.like(await compute.getInstance(id), moved)
      t.deepEqual(await compute.listInstances(source), [])
      t.deepEqual(await compute.listEvacuations(source, world.wallMs() + 60_000), [])
      await refuses(t, 'COMPUTE_REFUSED', compute.evacuate(id, undefined)) // its host is alive
    },
  )

  test.serial(
    'without a target the cloud chooses one, and a stopped instance stays stopped',
    async (t) => {
      await using world = await open()
      const { compute, source } = world
      const [running, stopped] = await world.boot(2)
      if (running === undefined || stopped === undefined) throw new Error('nothing was booted')
      await world.stop(stopped)
      await isolateSource(world)
      const sinceMs = world.wallMs()
      await Promise.all([running, stopped].map((id) => compute.evacuate(id, undefined)))
      for (const [id, vmState] of [[running, 'active'] as const, [stopped, 'stopped'] as const]) {
        t.like(await ended(world, id, sinceMs), { status: 'done' })
        const instance = await compute.getInstance(id)
        t.like(instance, { vmState, taskState: null })
        t.not(instance?.host, source)
      }
    },
  )

  test.serial('a stopped instance starts, a running one does not', async (t) => {
    await using world = await open()
    const { compute } = world
    const id = await bootOne(world)
    await refuses(t, 'COMPUTE_REFUSED', compute.start(id))
    await world.stop(id)
    await compute.start(id)
    await world.until('started', async () => (await compute.getInstance(id))?.vmState === 'active')
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.start(NOBODY))
  })

  test.serial(
    'a service of a living host is disabled with a reason, and enabled again',
    async (t) => {
      await using world = await open()
      const { compute, source } = world
      const before = await compute.findService(source)
      const id = before?.id ?? 'none'
      await compute.disable(id, 'conformance')
      const disabled = await compute.findService(source)
      const reason = 'conformance'
      t.like(disabled, { up: true, disabled: true, disabledReason: reason, forcedDown: false })
      t.true((disabled?.writtenAt ?? 0) >= (before?.writtenAt ?? 0))
      await world.until('a heartbeat is written', async () => {
        const service = await compute.findService(source)
        return (service?.writtenAt ?? 0) > (disabled?.writtenAt ?? 0)
      })
      await compute.enable(id)
      t.like(await compute.findService(source), { disabled: false, disabledReason: null })
      await refuses(t, 'COMPUTE_NOT_FOUND', compute.disable(NOBODY, 'conformance'))
    },
  )

  test.serial(
    'the actions of an instance show what its user requested, newest first',
    async (t) => {
      await using world = await open()
      const { compute } = world
      const id = await bootOne(world)
      await world.stop(id)
      const [stopped, created] = await compute.listActions(id)
      t.like(stopped, { action: 'stop' })
      t.like(created, { action: 'create' })
      for (const action of [stopped, created]) {
        t.is(typeof action?.user, 'string')
        t.true(Math.abs((action?.startedAt ?? 0) - world.wallMs()) < 120_000)
      }
      await compute.start(id)
      t.like((await compute.listActions(id))[0], { action: 'start' })
      await refuses(t, 'COMPUTE_NOT_FOUND', compute.listActions(NOBODY))
    },
  )

  test.serial('a rebuild ends with a running instance on the same host', async (t) => {
    await using world = await open()
    const { compute, source } = world
    const id = await bootOne(world)
    await compute.rebuild(id)
    await world.until('idle', async () => (await compute.getInstance(id))?.taskState === null)
    t.like(await compute.getInstance(id), { host: source, vmState: 'active', powerState: 1 })
    t.like((await compute.listActions(id))[0], { action: 'rebuild' })
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.rebuild(NOBODY))
  })

  test.serial('a hard reboot ends with a running instance', async (t) => {
    await using world = await open()
    const { compute, source } = world
    const id = await bootOne(world)
    await compute.hardReboot(id)
    await world.until('idle', async () => (await compute.getInstance(id))?.taskState === null)
    t.like(await compute.getInstance(id), { host: source, vmState: 'active', powerState: 1 })
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.hardReboot(NOBODY))
  })
}
