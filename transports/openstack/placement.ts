/** The Placement port on OpenStack's Placement API. */
import { Type, type Static } from 'typebox'
import type { PlacementPort, Room } from '../../actors/ports/placement.ts'
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import type { Resources } from '../../schema/resources.ts'
import { answerDecoder, faultText } from './answer-decoder.ts'
import type { ComputeApi, ComputeApiOptions } from './compute-api.ts'
import { exchangeRepeatedly } from './exchange-repeatedly.ts'
import type { HttpRequest } from './http-client.ts'
import type { Session } from './keystone.ts'
import { readProviders } from './nova-hypervisors.ts'

/** Every Placement has it; inventories and usages have not changed since the first one. */
const MICROVERSION = '1.0'
/** Hosts asked about at once. */
const BATCH = 16

const Inventory = Type.Object({
  total: Type.Number(),
  reserved: Type.Number(),
  allocation_ratio: Type.Number(),
  max_unit: Type.Number(),
})
const decodeInventories = answerDecoder(
  Type.Object({ inventories: Type.Record(Type.String(), Inventory) }),
  'PLACEMENT_UNAVAILABLE',
)
const decodeUsages = answerDecoder(
  Type.Object({ usages: Type.Record(Type.String(), Type.Number()) }),
  'PLACEMENT_UNAVAILABLE',
)
type Inventories = Readonly<Record<string, Static<typeof Inventory>>>
type Usages = Readonly<Record<string, number>>

/** Asks Nova which provider a host has, and Placement what that one holds. */
export function placement(options: ComputeApiOptions, compute: ComputeApi): PlacementPort {
  /** Providers keep their uuid; a host that is new makes us ask again. */
  let providers: ReadonlyMap<HostName, string> = new Map()

  const get = async (path: string, signal: AbortSignal): Promise<string | undefined> => {
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
    if (outcome.status === 404) return undefined
    const what = `GET ${path}: ${outcome.status} ${faultText(outcome.text)}`
    throw new CodedError('PLACEMENT_UNAVAILABLE', what)
  }

  const readRoom = async (provider: string, signal: AbortSignal): Promise<Room | undefined> => {
    const path = `/resource_providers/${encodeURIComponent(provider)}`
    const answers = [get(`${path}/inventories`, signal), get(`${path}/usages`, signal)] as const
    const [inventories, usages] = await Promise.all(answers)
    return inventories === undefined || usages === undefined
      ? undefined
      : roomOf(decodeInventories(inventories).inventories, decodeUsages(usages).usages)
  }

  return {
    async readRooms(hosts, callerSignal) {
      const signal = options.signalOf(callerSignal)
      const rooms = new Map<HostName, Room>()
      try {
        if (hosts.some((host) => !providers.has(host))) {
          providers = await readProviders(compute, callerSignal)
        }
        for (let first = 0; first < hosts.length; first += BATCH) {
          const batch = hosts.slice(first, first + BATCH).map(async (host) => {
            const provider = providers.get(host)
            const room = provider === undefined ? undefined : await readRoom(provider, signal)
            if (room !== undefined) rooms.set(host, room)
          })
          await Promise.all(batch)
        }
      } catch (error) {
        if (!isCoded(error) || isCoded(error, 'PLACEMENT_UNAVAILABLE')) throw error
        throw new CodedError('PLACEMENT_UNAVAILABLE', describeError(error), { cause: error })
      }
      return rooms
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

const CLASSES = { vcpus: 'VCPU', memoryMb: 'MEMORY_MB', diskGb: 'DISK_GB' } as const

function roomOf(inventories: Inventories, usages: Usages): Room {
  // What a host does not hold itself, a provider that it shares with others does.
  const freeOf = (name: string): number => {
    const inventory = inventories[name]
    if (inventory === undefined) return Infinity
    const { total, reserved, allocation_ratio: ratio } = inventory
    return Math.floor((total - reserved) * ratio) - (usages[name] ?? 0)
  }
  const largestOf = (name: string): number => inventories[name]?.max_unit ?? Infinity
  return { free: eachClass(freeOf), largest: eachClass(largestOf) }
}

const eachClass = (amountOf: (name: string) => number): Resources => ({
  vcpus: amountOf(CLASSES.vcpus),
  memoryMb: amountOf(CLASSES.memoryMb),
  diskGb: amountOf(CLASSES.diskGb),
})
