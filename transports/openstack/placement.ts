/** The Placement port on OpenStack's Placement API. */
import { Type, type Static } from 'typebox'
import type { PlacementPort, Room } from '../../actors/ports/placement.ts'
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import { NOTHING, type Resources } from '../../schema/resources.ts'
import { answerDecoder, faultText } from './answer-decoder.ts'
import type { ComputeApi, ComputeApiOptions } from './compute-api.ts'
import { exchangeRepeatedly } from './exchange-repeatedly.ts'
import type { HttpRequest } from './http-client.ts'
import type { Session } from './keystone.ts'
import { readHypervisors, type Hypervisor } from './nova-hypervisors.ts'

/** Since then a summary tells all that a provider has, and providers with others below them are not left out. */
const MICROVERSION = '1.29'

/**
 * Whoever has any memory left, with what is left of the rest: one answer for all hosts. Nova's scheduler asks the same way,
 * so a host that is not in it can take nothing.
 */
const CANDIDATES = '/allocation_candidates?resources=MEMORY_MB:1'

const Inventory = Type.Object({
  /** What is reserved is off already, and the overcommitment counted in. */
  capacity: Type.Number(),
  used: Type.Number(),
})
const decodeCandidates = answerDecoder(
  Type.Object({
    provider_summaries: Type.Record(
      Type.String(),
      Type.Object({ resources: Type.Record(Type.String(), Inventory) }),
    ),
  }),
  'PLACEMENT_UNAVAILABLE',
)
type Inventories = Readonly<Record<string, Static<typeof Inventory>>>

/** Asks Nova which provider each host has, and Placement what all of them hold: two requests, however many hosts. */
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

  return {
    async readRooms(hosts, callerSignal) {
      if (hosts.length === 0) return new Map()
      try {
        const [hypervisors, answer] = await Promise.all([
          readHypervisors(compute, callerSignal),
          get(CANDIDATES, options.signalOf(callerSignal)),
        ])
        return roomsOf(hosts, hypervisors, decodeCandidates(answer).provider_summaries)
      } catch (error) {
        if (!isCoded(error) || isCoded(error, 'PLACEMENT_UNAVAILABLE')) throw error
        throw new CodedError('PLACEMENT_UNAVAILABLE', describeError(error), { cause: error })
      }
    },
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

function roomsOf(
  hosts: readonly HostName[],
  hypervisors: ReadonlyMap<HostName, Hypervisor>,
  summaries: Readonly<Record<string, { readonly resources: Inventories }>>,
): ReadonlyMap<HostName, Room> {
  return new Map(
    hosts.flatMap((host) => {
      const hypervisor = hypervisors.get(host)
      if (hypervisor === undefined) return []
      const inventories = summaries[hypervisor.provider]?.resources
      return [[host, roomOf(hypervisor.size, inventories)] as const]
    }),
  )
}

const CLASSES = { vcpus: 'VCPU', memoryMb: 'MEMORY_MB', diskGb: 'DISK_GB' } as const

function roomOf(size: Resources, inventories: Inventories | undefined): Room {
  if (inventories === undefined) return { free: NOTHING, largest: size }
  // What a host does not hold itself, a provider that it shares with others does.
  const freeOf = (key: keyof Resources): number => {
    const inventory = inventories[CLASSES[key]]
    return inventory === undefined ? Infinity : inventory.capacity - inventory.used
  }
  const largestOf = (key: keyof Resources): number =>
    inventories[CLASSES[key]] === undefined ? Infinity : size[key]
  return { free: eachClass(freeOf), largest: eachClass(largestOf) }
}

const eachClass = (amountOf: (key: keyof Resources) => number): Resources => ({
  vcpus: amountOf('vcpus'),
  memoryMb: amountOf('memoryMb'),
  diskGb: amountOf('diskGb'),
})
