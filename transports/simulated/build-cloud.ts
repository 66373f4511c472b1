/** Builds a simulated cloud of a given size, with the rows that a store needs to protect it. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import { hostName, instanceId, type HostName } from '../../schema/ids.ts'
import type { RecoveryMethod } from '../../schema/records.ts'
import { SimulatedCloud } from './cloud.ts'
import { FLAVORS, roomFor } from './flavors.ts'
import { BMC_USERNAME, drawHostKey, Machine } from './machine.ts'
import { PROJECTS, type InstanceRow } from './nova-rows.ts'
import { draw, type SeededRandom } from './random.ts'
import { bmcAddress } from './site.ts'

/** A failover segment to register, with its hosts. */
export interface SegmentSeed {
  readonly name: string
  readonly recoveryMethod: RecoveryMethod
  readonly hosts: readonly HostSeed[]
}

export interface HostSeed {
  readonly name: HostName
  /** JSON, as `parseControlAttributes` reads it. */
  readonly controlAttributes: string
  readonly reserved: boolean
}

export interface CloudPlan {
  readonly clock: ClockPort
  readonly random: SeededRandom
  readonly segments: number
  readonly hostsPerSegment: number
  readonly instances: number
  /** How many small instances fit on a host; default: twice the even share, at least two. */
  readonly capacity?: number
  /** Reserved hosts at the end of each segment; default: none. */
  readonly sparesPerSegment?: number
  /** Each instance whose number is a multiple of this is a large one; default: none. */
  readonly largeEvery?: number
  /** The guest of each instance whose number is a multiple of this has no agent; default: all have one. */
  readonly agentlessEvery?: number
  /** Recovery methods of the segments in turn; default: `auto`. */
  readonly methods?: readonly RecoveryMethod[]
  /**
   * So many hosts in turn are one rack; default: no host has a failure domain. The racks are named in the metadata of aggregates,
   * or in the settings of each host.
   */
  readonly hostsPerRack?: number
  readonly racksNamedIn?: 'aggregates' | 'settings'
  /** no: hosts are registered with their BMC only; default: yes. */
  readonly ssh?: 'yes' | 'no'
}

const SHARE_HA_ENABLED = 0.7
const SHARE_STOPPED = 0.05
const SHARE_VOLUME_BACKED = 0.5

/**
 * Makes hosts `compute-01`… in `segment-1`…, and instances `vm-001`… that are placed on the hosts
 * in turn.
 */
export function buildCloud(plan: CloudPlan): {
  readonly cloud: SimulatedCloud
  readonly segments: readonly SegmentSeed[]
} {
  const random = plan.random.fork('build')
  const count = plan.segments * plan.hostsPerSegment
  const capacity = roomFor(plan.capacity ?? Math.max(2, Math.ceil((2 * plan.instances) / count)))
  const { hostsPerSegment, sparesPerSegment = 0 } = plan
  const machines = Array.from(
    { length: count },
    (_, index) =>
      new Machine({
        name: hostName(`compute-${numbered(index, count, 2)}`),
        segment: `segment-${Math.floor(index / hostsPerSegment) + 1}`,
        rack: rackOf(plan, index),
        capacity,
        isSpare: index % hostsPerSegment >= hostsPerSegment - sparesPerSegment,
        serviceId: random.uuid(),
        hostKey: drawHostKey(random),
        // Heartbeats of different hosts come at different times.
        beatingSinceMs: plan.clock.monotonicMs() - draw(random, [0, 9999]),
      }),
  )
  const inUse = machines.filter(({ isSpare }) => !isSpare)
  const instances = Array.from({ length: plan.instances }, (_, index) => {
    const host = inUse[index % inUse.length]?.name ?? null
    const name = `vm-${numbered(index, plan.instances, 3)}`
    const project = PROJECTS[index % 2 === 0 ? 0 : 1]
    const isLarge = plan.largeEvery !== undefined && (index + 1) % plan.largeEvery === 0
    const needs = isLarge ? FLAVORS.large : FLAVORS.small
    return buildInstance({ name, host, project, needs }, random)
  })
  const { clock, agentlessEvery = Infinity } = plan
  const agentless = new Set(
    instances.filter((_each, index) => (index + 1) % agentlessEvery === 0).map(({ id }) => id),
  )
  const racks = plan.racksNamedIn === 'settings' ? 'hidden' : 'named'
  const world = { clock, random: plan.random, machines, instances }
  const cloud = new SimulatedCloud({ ...world, agentless, racks })
  return { cloud, segments: seedsOf(machines, plan) }
}

function buildInstance(
  named: Pick<InstanceRow, 'name' | 'host' | 'project' | 'needs'>,
  random: SeededRandom,
): InstanceRow {
  const stopped = random.next() < SHARE_STOPPED
  return {
    id: instanceId(random.uuid()),
    ...named,
    vmState: stopped ? 'stopped' : 'active',
    taskState: null,
    powerState: stopped ? 4 : 1,
    metadata: random.next() < SHARE_HA_ENABLED ? { HA_Enabled: 'True' } : {},
    volumeBacked: random.next() < SHARE_VOLUME_BACKED,
    locked: false,
    request: null,
    zone: null,
  }
}

function seedsOf(
  machines: readonly Machine[],
  { methods = ['auto'], ssh = 'yes', racksNamedIn = 'aggregates' }: CloudPlan,
): readonly SegmentSeed[] {
  const bySegment = Map.groupBy(machines, (machine) => machine.segment)
  return [...bySegment].map(([name, members], index) => ({
    name,
    recoveryMethod: methods[index % methods.length] ?? 'auto',
    hosts: members.map((machine) => ({
      name: machine.name,
      reserved: machine.isSpare,
      controlAttributes: JSON.stringify({
        ipmi: {
          host: bmcAddress(machine.name),
          username: BMC_USERNAME,
          password: machine.bmcPassword,
        },
        ...(ssh === 'yes' ? { ssh: { host: machine.name, username: 'ha' } } : {}),
        fence: { fence_outlet: { plug: machine.name } },
        ...(racksNamedIn === 'settings' && machine.rack !== null
          ? { failure_domains: [`rack:${machine.rack}`] }
          : {}),
      }),
    })),
  }))
}

/** The number of the rack that the host is in; null when the plan has no racks. */
export function rackOf(
  { hostsPerRack }: Pick<CloudPlan, 'hostsPerRack'>,
  index: number,
): string | null {
  return hostsPerRack === undefined ? null : String(Math.floor(index / hostsPerRack) + 1)
}

/** One-based, with leading zeros, so that names sort like numbers. */
function numbered(index: number, count: number, digits: number): string {
  return String(index + 1).padStart(Math.max(digits, String(count).length), '0')
}
