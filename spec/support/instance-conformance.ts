/** The promises of every ComputePort about single instances. */
import type { TestFn } from 'ava'
import {
  becomes,
  bootOne,
  ended,
  isolateSource,
  NOBODY,
  refuses,
  type ComputeWorld,
} from './compute-world.ts'

/** Registers the tests, one after the other, because they may share one cloud. */
export function instanceConformance(test: TestFn, open: () => Promise<ComputeWorld>): void {
  test.serial('an instance is stopped, and only when it runs', async (t) => {
    await using world = await open()
    const { compute } = world
    const id = await bootOne(world)
    await compute.stop(id)
    await becomes(world, id, 'stopped')
    await refuses(t, 'COMPUTE_REFUSED', compute.stop(id))
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.stop(NOBODY))
    t.like(await compute.getInstance(id), { vmState: 'stopped', powerState: 4 })
  })

  test.serial('the hypervisor of a running instance shows its activity', async (t) => {
    await using world = await open()
    const { compute } = world
    const id = await bootOne(world)
    const { state, packetsSent, writesDone } = await compute.readDiagnostics(id)
    t.is(state, 'running')
    t.true(packetsSent >= 0 && writesDone >= 0)
    await compute.stop(id)
    await becomes(world, id, 'stopped')
    await refuses(t, 'COMPUTE_REFUSED', compute.readDiagnostics(id))
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.readDiagnostics(NOBODY))
  })

  test.serial('an instance is paused, and only when it runs', async (t) => {
    await using world = await open()
    const { compute } = world
    const id = await bootOne(world)
    await compute.pause(id)
    await becomes(world, id, 'paused')
    await refuses(t, 'COMPUTE_REFUSED', compute.pause(id))
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.pause(NOBODY))
    // Its power state comes from the hypervisor: Nova's fake one still shows it as running.
    t.like(await compute.getInstance(id), { vmState: 'paused', taskState: null })
  })

  test.serial('an instance can be locked and unlocked, once or twice', async (t) => {
    await using world = await open()
    const { compute } = world
    const id = await bootOne(world)
    t.like(await compute.getInstance(id), { locked: false })
    for (const locked of [true, false]) {
      for (const _ of [1, 2]) await (locked ? compute.lock(id, 'ours') : compute.unlock(id))
      t.like(await compute.getInstance(id), { locked })
      t.is(await compute.readLock(id), locked ? 'ours' : undefined)
    }
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.lock(NOBODY, 'ours'))
    t.is(await compute.readLock(NOBODY), undefined)
    await refuses(t, 'COMPUTE_NOT_FOUND', compute.unlock(NOBODY))
  })

  test.serial(
    'a paused instance can be evacuated after a reset to error, and then runs',
    async (t) => {
      await using world = await open()
      const { compute, source, target } = world
      const id = await bootOne(world)
      await compute.pause(id)
      await becomes(world, id, 'paused')
      await isolateSource(world)
      await refuses(t, 'COMPUTE_REFUSED', compute.evacuate(id, target))
      await compute.callBroken(id)
      await compute.callBroken(id)
      t.like(await compute.getInstance(id), { host: source, vmState: 'error', taskState: null })
      await refuses(t, 'COMPUTE_NOT_FOUND', compute.callBroken(NOBODY))
      const sinceMs = world.wallMs()
      await compute.evacuate(id, target)
      t.like(await ended(world, id, sinceMs), { status: 'done', dest: target })
      t.like(await compute.getInstance(id), { host: target, vmState: 'active', taskState: null })
      t.is(await compute.explainFailure(id), undefined)
    },
  )
}
