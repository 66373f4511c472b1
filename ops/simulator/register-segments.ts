/** Registers the segments and hosts of a simulated cloud in a store that does not know them yet. */
import type { InventoryStore } from '../../actors/ports/store.ts'
import type { SegmentId } from '../../schema/ids.ts'
import type { SegmentSeed } from '../../transports/simulated/build-cloud.ts'

/** Returns the ids of the segments by name. */
export async function registerSegments(
  store: InventoryStore,
  seeds: readonly SegmentSeed[],
): Promise<ReadonlyMap<string, SegmentId>> {
  const ids = new Map<string, SegmentId>()
  for (const seed of seeds) {
    const segment = await store.createSegment({
      name: seed.name,
      serviceType: 'COMPUTE',
      description: null,
      recoveryMethod: seed.recoveryMethod,
      enabled: true,
    })
    ids.set(seed.name, segment.uuid)
    for (const { name, controlAttributes, reserved } of seed.hosts) {
      await store.createHost(segment.uuid, {
        name,
        type: 'COMPUTE',
        controlAttributes,
        reserved,
        onMaintenance: false,
      })
    }
  }
  return ids
}
