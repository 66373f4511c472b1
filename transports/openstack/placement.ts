/** The Placement port on OpenStack's Placement API. */
import { Type, type Static } from 'typebox'
import type { PlacementPort, Room } from '../../actors/ports/placement.ts'
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import { instanceId, type HostName } from '../../schema/ids.ts'
import { NOTHING, type Amounts, type Resources } from '../../schema/resources.ts'
import { answerDecoder, faultText } from './answer-decoder.ts'
import type { ComputeApi, ComputeApiOptions } from './compute-api.ts'
import { exchangeRepeatedly } from './exchange-repeatedly.ts'
import type { HttpRequest } from './http-client.ts'
import type { Session } from './keystone.ts'
import { readHypervisors, type Hypervisor } from './nova-hypervisors.ts'
import { resourcesOf } from './scheduler-request.ts'

/**
 * From this microversion on, a summary has all resources of a provider, and providers with child
 * providers are not left out.
 */
const MICROVERSION = '1.29'

/**
 * Every host with free memory, with all its other resources: one answer for all hosts. Nova's
 * scheduler asks in the same way, so a host that is missing in the answer cannot take any instance.
 */
const CANDIDATES = '/allocation_candidates?resources=MEMORY_MB:1'

const Inventory = Type.Object({
  /** Without what is reserved, and with overcommitment. */
  capacity: Type.Number(),
  used: Type.Number(),
})
const decodeCandidates = answerDecoder(
  Type.Object({
    provider_summaries: Type.Record(
      Type.String(),
      Type.Object({
        resources: Type.Record(Type.String(), Inventory),
        root_provider_uuid: Type.Optional(Type.String()),
      }),
    ),
  }),
  'PLACEMENT_UNAVAILABLE',
)
const decodeAllocations = answerDecoder(
  Type.Object({
    allocations: Type.Record(
      Type.String(),
      Type.Object({ resources: Type.Record(Type.String(), Type.Number()) }),
    ),
  }),
  'PLACEMENT_UNAVAILABLE',
)
const decodeRequests = answerDecoder(
  Type.Object({
    allocation_requests: Type.Array(
      Type.Object({ allocations: Type.Record(Type.String(), Type.Unknown()) }),
    ),
    provider_summaries: Type.Record(
      Type.String(),
      Type.Object({ root_provider_uuid: Type.Optional(Type.String()) }),
    ),
  }),
  'PLACEMENT_UNAVAILABLE',
)
type Inventories = Readonly<Record<string, Static<typeof Inventory>>>

/**
 * Asks Nova for the provider of each host, and Placement for the resources of all hosts: two
 * requests, however many hosts there are.
 */
export function placement(options: ComputeApiOptions, compute: ComputeApi): PlacementPort {
  const get = async (path: string, signal: AbortSignal): Promise<string> => {
    const { client, keystone, timing, requestTimeoutMs } = options
    const limits = { deadlineMs: timing.clock.monotonicMs() + requestTimeoutMs, signal }
    const outcome = await keystone.withSession((session) =>
      exchangeRepeatedly(client, timing, requestOf(session, path), limits),
    )
    if (outcome.kind !== 'answered') {
      signal.throwIfAborted()
      throw new CodedError('PLACEMENT_UNAVAILABLE', `GET ${path}: ${outcome.detail}`)
    }
    if (outcome.status === 200) return outcome.text
    const what = `GET ${path}: ${outcome.status} ${faultText(outcome.text)}`
    throw new CodedError('PLACEMENT_UNAVAILABLE', what)
  }

  /** As last read. The provider of a host does not change. */
  let known: ReadonlyMap<HostName, Hypervisor> = new Map()
  const readKnown = async (signal: AbortSignal | undefined): Promise<typeof known> => {
    known = await readHypervisors(compute, signal)
    return known
  }

  return {
    readRooms: (hosts, callerSignal) =>
      translated(async () => {
        if (hosts.length === 0) return new Map()
        const [hypervisors, answer] = await Promise.all([
          readKnown(callerSignal),
          get(CANDIDATES, options.signalOf(callerSignal)),
        ])
        return roomsOf(hosts, hypervisors, decodeCandidates(answer).provider_summaries)
      }),

    readAllocations: (host, callerSignal) =>
      translated(async () => {
        const one = known.get(host) ?? (await readKnown(callerSignal)).get(host)
        if (one === undefined) return new Map()
        const path = `/resource_providers/${encodeURIComponent(one.provider)}/allocations`
        const { allocations } = decodeAllocations(await get(path, options.signalOf(callerSignal)))
        return new Map(
          Object.entries(allocations).map(([consumer, { resources }]) => [
            instanceId(consumer),
            resourcesOf(Object.entries(resources)),
          ]),
        )
      }),

    readCandidates: (request, callerSignal) =>
      translated(async () => {
        const path = `/allocation_candidates?${request}`
        const answer = decodeRequests(await get(path, options.signalOf(callerSignal)))
        const hypervisors = known.size > 0 ? known : await readKnown(callerSignal)
        const rootOf = (provider: string): string =>
          answer.provider_summaries[provider]?.root_provider_uuid ?? provider
        const roots = new Set(
          answer.allocation_requests.flatMap(({ allocations }) =>
            Object.keys(allocations).map(rootOf),
          ),
        )
        return new Set(
          [...hypervisors].flatMap(([host, { provider }]) => (roots.has(provider) ? [host] : [])),
        )
      }),
  }
}

/** Turns every error into PLACEMENT_UNAVAILABLE. */
async function translated<Answer>(read: () => Promise<Answer>): Promise<Answer> {
  try {
    return await read()
  } catch (error) {
    if (!isCoded(error) || isCoded(error, 'PLACEMENT_UNAVAILABLE')) throw error
    throw new CodedError('PLACEMENT_UNAVAILABLE', describeError(error), { cause: error })
  }
}

function requestOf({ token, placementUrl }: Session, path: string): HttpRequest {
  if (placementUrl === undefined) {
    const text = 'the catalogue has no placement endpoint for the configured region and interface'
    throw new CodedError('PLACEMENT_UNAVAILABLE', text)
  }
  const headers = {
    'X-Auth-Token': token,
    'OpenStack-API-Version': `placement ${MICROVERSION}`,
    Accept: 'application/json',
  }
  return { method: 'GET', url: placementUrl + path, headers }
}

interface Summary {
  readonly resources: Inventories
  readonly root_provider_uuid?: string
}

function roomsOf(
  hosts: readonly HostName[],
  hypervisors: ReadonlyMap<HostName, Hypervisor>,
  summaries: Readonly<Record<string, Summary>>,
): ReadonlyMap<HostName, Room> {
  const trees = Map.groupBy(
    Object.entries(summaries),
    ([provider, { root_provider_uuid: root }]) => root ?? provider,
  )
  return new Map(
    hosts.flatMap((host) => {
      const hypervisor = hypervisors.get(host)
      if (hypervisor === undefined) return []
      const { provider, size } = hypervisor
      const inventories = summaries[provider]?.resources
      const tree = (trees.get(provider) ?? []).map(([, { resources }]) => resources)
      return [[host, withOthers(roomOf(size, inventories), othersIn(tree))] as const]
    }),
  )
}

/**
 * Resource classes besides the usual ones, of a host and of its child providers. The host's size in
 * them is unknown.
 */
function othersIn(tree: readonly Inventories[]): Amounts {
  const free = new Map<string, number>()
  for (const [name, { capacity, used }] of tree.flatMap((each) => Object.entries(each))) {
    if (!USUAL.includes(name)) free.set(name, (free.get(name) ?? 0) + capacity - used)
  }
  return Object.fromEntries(free)
}

const withOthers = ({ free, largest }: Room, others: Amounts): Room =>
  Object.keys(others).length === 0
    ? { free, largest }
    : { free: { ...free, others }, largest: { ...largest, others } }

const CLASSES = { vcpus: 'VCPU', memoryMb: 'MEMORY_MB', diskGb: 'DISK_GB' } as const
type Usual = keyof typeof CLASSES
const USUAL: readonly string[] = Object.values(CLASSES)

function roomOf(size: Resources, inventories: Inventories | undefined): Room {
  if (inventories === undefined) return { free: NOTHING, largest: size }
  // A resource that the host itself does not have belongs to a provider that several hosts share.
  const freeOf = (key: Usual): number => {
    const inventory = inventories[CLASSES[key]]
    return inventory === undefined ? Infinity : inventory.capacity - inventory.used
  }
  const largestOf = (key: Usual): number =>
    inventories[CLASSES[key]] === undefined ? Infinity : size[key]
  return { free: eachClass(freeOf), largest: eachClass(largestOf) }
}

const eachClass = (amountOf: (key: Usual) => number): Resources => ({
  vcpus: amountOf('vcpus'),
  memoryMb: amountOf('memoryMb'),
  diskGb: amountOf('diskGb'),
})
