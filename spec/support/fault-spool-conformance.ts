/** What every FaultSpool promises: registers the tests for one kind. */
import type { TestFn } from 'ava'
import type { FaultSpool, SpooledFault } from '../../actors/ports/fault-spool.ts'
import { instanceId } from '../../schema/ids.ts'

/** A fault with that id. */
export const faultOf = (id: string): SpooledFault => ({
  id,
  instance: instanceId('00000000-0000-4000-8000-000000000001'),
  gravity: 'stopped',
  event: 'LIFECYCLE',
  domainEvent: 'STOPPED_FAILED',
  evidence: ["the guest's emulator died"],
  foundAt: 1_767_225_600_000,
})

/** Registers the tests. */
export function faultSpoolConformance(test: TestFn, open: () => Promise<FaultSpool>): void {
  test('what is kept is read, oldest first, and what is forgotten is not', async (t) => {
    const spool = await open()
    t.deepEqual(await spool.read(), [])
    for (const id of ['a', 'b', 'c']) await spool.keep(faultOf(id))
    await spool.forget('b')
    t.deepEqual(await spool.read(), [faultOf('a'), faultOf('c')])
  })

  test('a fault that is kept twice is one, and forgetting what is not there does nothing', async (t) => {
    const spool = await open()
    await spool.keep(faultOf('a'))
    await spool.keep(faultOf('a'))
    await spool.forget('nothing')
    t.deepEqual(await spool.read(), [faultOf('a')])
    await spool.forget('a')
    await spool.forget('a')
    t.deepEqual(await spool.read(), [])
  })
}
