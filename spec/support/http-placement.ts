/** The Placement API over a Placement port: the requests that our own transport makes. */
import type { PlacementPort, Room } from '../../actors/ports/placement.ts'
import { hostName } from '../../schema/ids.ts'
import type { HttpReply, HttpRequest } from './http-server.ts'

/** Answers one authorised request; a provider is called after its host. Half of the capacity is said to be used. */
export async function answerPlacement(
  placement: PlacementPort,
  { url }: HttpRequest,
): Promise<HttpReply> {
  const [, , , provider = '', what] = url.pathname.split('/')
  const host = hostName(provider)
  const room = (await placement.readRooms([host])).get(host)
  if (room === undefined) {
    const detail = `No resource provider with uuid ${provider} found`
    return { status: 404, body: { errors: [{ status: 404, title: 'Not Found', detail }] } }
  }
  const body = what === 'usages' ? { usages: USED } : { inventories: inventoriesOf(room) }
  return { status: 200, body: { ...body, resource_provider_generation: 7 } }
}

const USED = { VCPU: 5, MEMORY_MB: 5, DISK_GB: 5 }
const RESERVED = 512

/** Reserved, then multiplied, then used: what is left is what the port says is free. */
function inventoriesOf({ free, largest }: Room): object {
  const classes = { VCPU: 'vcpus', MEMORY_MB: 'memoryMb', DISK_GB: 'diskGb' } as const
  return Object.fromEntries(
    Object.entries(classes).map(([name, key]) => [
      name,
      {
        total: RESERVED + (free[key] + USED.VCPU) / 2,
        reserved: RESERVED,
        min_unit: 1,
        max_unit: largest[key],
        step_size: 1,
        allocation_ratio: 2,
      },
    ]),
  )
}
