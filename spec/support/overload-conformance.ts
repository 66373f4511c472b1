/** What every ComputePort says of a Compute service that has too much to do, whatever cloud stands behind it: registers the tests for one kind. */
import type { TestFn } from 'ava'
import { CodedError } from '../../schema/errors.ts'
import { bootOne, ended, isolateSource, type ComputeWorld } from './compute-world.ts'

/** A cloud whose Compute service can be overloaded. */
export interface OverloadWorld extends ComputeWorld {
  /** From now on each request is turned down, and told to come again after so many seconds. */
  overload(retryAfterSeconds: number): void
  /** It has time again. */
  relieve(): void
}

/** Registers the tests. */
export function overloadConformance(test: TestFn, open: () => Promise<OverloadWorld>): void {
  test.serial(
    'an overloaded Compute service says when to come again, and does nothing',
    async (t) => {
      await using world = await open()
      const { compute, target } = world
      const id = await bootOne(world)
      await isolateSource(world)
      const sinceMs = world.wallMs()
      world.overload(7)
      for (const call of [
        () => compute.evacuate(id, target),
        () => compute.listServices(),
        () => compute.lock(id, 'ours'),
      ]) {
        const error = await t.throwsAsync(call(), { instanceOf: CodedError, code: 'COMPUTE_BUSY' })
        t.is(error?.retryAfterSeconds, 7)
      }
      world.relieve()
      t.like(await compute.getInstance(id), { taskState: null, locked: false })
      t.deepEqual(await compute.listEvacuations(world.source, sinceMs), [])
      await compute.evacuate(id, target)
      t.is((await ended(world, id, sinceMs))?.status, 'done')
    },
  )
}
