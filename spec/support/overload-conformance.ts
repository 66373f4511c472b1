/**
 * The promises of every ComputePort about an overloaded Compute service: registers the tests for
 * one kind of cloud.
 */
import type { TestFn } from 'ava'
import { CodedError } from '../../schema/errors.ts'
import { bootOne, ended, isolateSource, type ComputeWorld } from './compute-world.ts'

/** A cloud whose Compute service can be overloaded. */
export interface OverloadWorld extends ComputeWorld {
  /** From now on, each request is refused, with so many seconds in Retry-After. */
  overload(retryAfterSeconds: number): void
  /** Ends the overload. */
  relieve(): void
}

/** Registers the tests. */
export function overloadConformance(test: TestFn, open: () => Promise<OverloadWorld>): void {
  test.serial(
    'an overloaded Compute service names a time in Retry-After, and does nothing',
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
