/** The Placement API over a Placement port: the requests that our own transport sends. */
import type { Room } from '../../actors/ports/placement.ts'
import { isCoded } from '../../schema/errors.ts'
import { hostName } from '../../schema/ids.ts'
import type { Resources } from '../../schema/resources.ts'
import type { CloudView } from '../../transports/simulated/cloud.ts'
import type { HttpReply, ServedRequest } from './http-server.ts'

/** Answers one authorised request, also when the simulated Placement fails. */
export async function answerPlacement(
  view: Pick<CloudView, 'compute' | 'placement'>,
  request: ServedRequest,
): Promise<HttpReply> {
  try {
    return await answer(view, request)
  } catch (error) {
    if (!isCoded(error)) throw error
    const status = error.code === 'COMPUTE_BUSY' ? 503 : 500
    return { status, body: { errors: [{ status, title: 'Failure', detail: error.message }] } }
  }
}

/** A provider is named after its host. Part of the capacity is shown as used. */
async function answer(
  { compute, placement }: Pick<CloudView, 'compute' | 'placement'>,
  { url }: ServedRequest,
): Promise<HttpReply> {
  const [, provider] = /\/resource_providers\/([^/]+)\/allocations$/.exec(url.pathname) ?? []
  if (provider !== undefined) {
    const held = await placement.readAllocations(hostName(decodeURIComponent(provider)))
    const allocations = [...held].map(([id, needs]) => [id, { resources: classesOf(needs) }])
    return { status: 200, body: { allocations: Object.fromEntries(allocations) } }
  }
  if (!url.pathname.endsWith('/allocation_candidates')) {
    const detail = `${url.pathname} is not simulated`
    return { status: 404, body: { errors: [{ status: 404, title: 'Not Found', detail }] } }
  }
  const [what, least] = (url.searchParams.get('resources') ?? '').split(':')
  if (what !== 'MEMORY_MB') {
    const detail = 'only memory can be asked for'
    return { status: 400, body: { errors: [{ status: 400, title: 'Bad Request', detail }] } }
  }
  const hosts = (await compute.listServices()).map(({ host }) => host)
  const rooms = [...(await placement.readRooms(hosts))].filter(
    ([, { free }]) => free.memoryMb >= Number(least),
  )
  const summaries = rooms.map(([host, room]) => [host, { resources: inventoriesOf(room) }])
  const body = { allocation_requests: [], provider_summaries: Object.fromEntries(summaries) }
  return { status: 200, body }
}

const USED = 5

const classesOf = ({ vcpus, memoryMb, diskGb, others }: Resources): object => ({
  VCPU: vcpus,
  MEMORY_MB: memoryMb,
  DISK_GB: diskGb,
  ...others,
})

/** The free rest is what the port shows as free. */
function inventoriesOf({ free }: Room): object {
  const classes = { VCPU: free.vcpus, MEMORY_MB: free.memoryMb, DISK_GB: free.diskGb }
  return Object.fromEntries(
    Object.entries(classes).map(([name, left]) => [name, { capacity: left + USED, used: USED }]),
  )
}
