/** The promises of every PlacementPort: registers the tests for one kind of cloud. */
import type { TestFn } from 'ava'
import type { PlacementPort, Room } from '../../actors/ports/placement.ts'
import { hostName } from '../../schema/ids.ts'
import { isWithin, minus } from '../../schema/resources.ts'
import type { ComputeWorld } from './compute-world.ts'

/** A cloud with two empty hosts, and its Placement. */
export interface PlacementWorld extends ComputeWorld {
  readonly placement: PlacementPort
}

const NOWHERE = hostName('no-such-host')

async function roomOf(
  { placement }: PlacementWorld,
  host: PlacementWorld['source'],
): Promise<Room> {
  const room = (await placement.readRooms([host])).get(host)
  if (room === undefined) throw new Error(`Placement does not know ${host}`)
  return room
}

/** Registers the tests, one after the other, because they may share one cloud. */
export function placementConformance(test: TestFn, open: () => Promise<PlacementWorld>): void {
  test.serial('room is shown for the requested hosts, and for no others', async (t) => {
    await using world = await open()
    const { placement, source, target } = world
    const rooms = await placement.readRooms([source, NOWHERE, target])
    t.deepEqual([...rooms.keys()].toSorted(), [source, target].toSorted())
    for (const { free, largest } of rooms.values()) {
      for (const amount of [free, largest]) {
        t.true(isWithin({ vcpus: 1, memoryMb: 1, diskGb: 0 }, amount))
      }
    }
    t.is((await placement.readRooms([])).size, 0)
    t.is((await placement.readRooms([NOWHERE])).size, 0)
  })

  test.serial('an instance on a host reduces the room there', async (t) => {
    await using world = await open()
    const before = await roomOf(world, world.source)
    const [id] = await world.boot(1)
    const { needs } = (id && (await world.compute.getInstance(id))) ?? {}
    if (needs === undefined) throw new Error('nothing was booted')
    const after = await roomOf(world, world.source)
    t.deepEqual(minus(before.free, after.free), needs)
    t.deepEqual(after.largest, before.largest)
  })

  test.serial('an evacuated instance is counted on its target', async (t) => {
    await using world = await open()
    const { compute, source, target } = world
    const [id] = await world.boot(1)
    const service = await compute.findService(source)
    if (id === undefined || service === undefined) throw new Error('nothing was booted')
    const { needs } = (await compute.getInstance(id)) ?? {}
    const before = await roomOf(world, target)
    await compute.isolate(service.id, 'conformance')
    await compute.evacuate(id, target)
    await world.until('moved', async () => (await compute.getInstance(id))?.host === target)
    t.deepEqual(minus(before.free, (await roomOf(world, target)).free), needs)
  })
}
