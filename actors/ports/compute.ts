/** What we need of the Compute API (Nova), in our words. Times are wall ms of our own clock, to within seconds. Errors carry COMPUTE_* and IDENTITY_* codes. */
import { isCoded } from '../../schema/errors.ts'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Resources } from '../../schema/resources.ts'

/** The `vmState` of an instance that Nova shows in a form which cannot be read. */
export const UNCLEAR = 'unclear'

export interface ComputeService {
  readonly id: string
  readonly host: HostName
  readonly up: boolean
  readonly disabled: boolean
  /** What whoever disabled it said; null when nobody did, or without a word. */
  readonly disabledReason: string | null
  readonly forcedDown: boolean
  /** Its availability zone; null when Nova does not tell. */
  readonly zone: string | null
  /**
   * When Nova last wrote its row: with each heartbeat, and with each change. Null when never. Wall ms of Nova's own clock, since
   * it is compared with nothing but itself: how far that clock is from ours is known to seconds only.
   */
  readonly writtenAt: number | null
  /** How long before the answer that was, both by Nova's own clock, ms. Null when never. */
  readonly writtenAgoMs: number | null
}

export interface Instance {
  readonly id: InstanceId
  readonly name: string
  /** Id of the project that owns it. */
  readonly project: string
  /** Service host; null when the instance is on none. */
  readonly host: HostName | null
  /** `OS-EXT-STS:vm_state`: active, stopped, error, … */
  readonly vmState: string
  /** `OS-EXT-STS:task_state`; null when idle. */
  readonly taskState: string | null
  /** `OS-EXT-STS:power_state`: 1 running, 4 shutdown, … */
  readonly powerState: number
  readonly metadata: Readonly<Record<string, string>>
  readonly volumeBacked: boolean
  /** Its owner can do nothing with it, except when he locked it himself. */
  readonly locked: boolean
  /** What it takes of a host. */
  readonly needs: Resources
  /** What its flavour asks of Placement beside that; null when nothing. Instances with the same text ask for the same. */
  readonly request: string | null
  /** The availability zone that it was bound to when it was made; null when to none, or when Nova does not tell. */
  readonly zone: string | null
}

/** What was asked of one instance, or what Nova did to it by itself. */
export interface InstanceAction {
  /** create, stop, start, reboot, rebuild, evacuate, … */
  readonly action: string
  /** Who asked; null when Nova acted by itself, as when it finds that the emulator has died. */
  readonly user: string | null
  readonly startedAt: number
}

/** What the hypervisor says of a guest at the moment when it is asked. */
export interface GuestDiagnostics {
  /** running, paused, shutdown, crashed, … */
  readonly state: string
  /** By all its network devices, since it was started. */
  readonly packetsSent: number
  /** By all its disks, since it was started. */
  readonly writesDone: number
}

/** Nova's migration record of one evacuation. */
export interface Evacuation {
  readonly id: string
  readonly instance: InstanceId
  /** accepted, pre-migrating, done, completed, failed, error, … */
  readonly status: string
  readonly source: HostName
  readonly dest: HostName | null
  readonly createdAt: number
}

/** A group of hosts that instances may be bound to. */
export interface Aggregate {
  readonly id: string
  readonly name: string
  readonly hosts: readonly HostName[]
}

/** Instances that are to be together, or apart. */
export interface ServerGroup {
  readonly id: string
  readonly name: string
  readonly policy: GroupPolicy
  /** How many members one host may have at most, where they are to be apart. */
  readonly perHostMax: number
  readonly members: readonly InstanceId[]
}

export const GROUP_POLICIES = [
  'affinity',
  'anti-affinity',
  'soft-affinity',
  'soft-anti-affinity',
] as const
export type GroupPolicy = (typeof GROUP_POLICIES)[number]

export interface ComputePort {
  /** All nova-compute services, every page. */
  listServices(signal?: AbortSignal): Promise<readonly ComputeService[]>
  /** The nova-compute service of one host; undefined when Nova does not know the host. `requestId` is the caller's. */
  findService(
    host: HostName,
    signal?: AbortSignal,
    requestId?: string,
  ): Promise<ComputeService | undefined>
  /**
   * Disables the service and forces it down, in one request: only for a host that is certainly dead. Without a reason it
   * is only forced down: whoever disabled it before keeps his own.
   */
  isolate(serviceId: string, reason: string | null, signal?: AbortSignal): Promise<void>
  /** Keeps the scheduler away from a host that lives. */
  disable(serviceId: string, reason: string, signal?: AbortSignal): Promise<void>
  /** Lets Nova count the service by its heartbeat again. COMPUTE_REFUSED while evacuations of its host are not closed. */
  clearForcedDown(serviceId: string, signal?: AbortSignal): Promise<void>
  /** Lets the scheduler use the host again. */
  enable(serviceId: string, signal?: AbortSignal): Promise<void>
  listAggregates(signal?: AbortSignal): Promise<readonly Aggregate[]>
  /** Harmless when it is in. COMPUTE_REFUSED when it cannot be, as in two zones; COMPUTE_NOT_FOUND. */
  joinAggregate(id: string, host: HostName, signal?: AbortSignal): Promise<void>
  /** Harmless when it is not in. COMPUTE_REFUSED when it may not leave; COMPUTE_NOT_FOUND without the aggregate. */
  leaveAggregate(id: string, host: HostName, signal?: AbortSignal): Promise<void>
  /**
   * All instances of a host, every page, deleted ones left out. COMPUTE_UNAVAILABLE while Nova may hide some, as when their cell is
   * down. One that cannot be read is UNCLEAR.
   */
  listInstances(host: HostName, signal?: AbortSignal): Promise<readonly Instance[]>
  /** All instances of a project, every page, deleted ones left out. `requestId` is the caller's. */
  listProjectInstances(
    project: string,
    signal?: AbortSignal,
    requestId?: string,
  ): Promise<readonly Instance[]>
  getInstance(id: InstanceId, signal?: AbortSignal): Promise<Instance | undefined>
  /** COMPUTE_REFUSED when it does not run, or its hypervisor tells nothing; COMPUTE_NOT_FOUND. */
  readDiagnostics(id: InstanceId, signal?: AbortSignal): Promise<GuestDiagnostics>
  /** Newest first. COMPUTE_NOT_FOUND. */
  listActions(id: InstanceId, signal?: AbortSignal): Promise<readonly InstanceAction[]>
  /** All server groups, of all projects. */
  listServerGroups(signal?: AbortSignal): Promise<readonly ServerGroup[]>
  /** Asks for an evacuation; resolves when Nova has accepted it. Never retried inside: COMPUTE_OUTCOME_UNKNOWN. */
  evacuate(id: InstanceId, target: HostName | undefined, signal?: AbortSignal): Promise<void>
  /** Evacuation records with this source host, created since a time (wall ms), newest first. */
  listEvacuations(
    source: HostName,
    sinceMs: number,
    signal?: AbortSignal,
  ): Promise<readonly Evacuation[]>
  hardReboot(id: InstanceId, signal?: AbortSignal): Promise<void>
  start(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Only of what is active or in error, and idle. */
  stop(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Only of what is active and idle. */
  pause(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Calls it broken, whatever it is, and ends its task; the guest is not touched. */
  callBroken(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Calls it active, whatever it is, and ends its task; the guest is not touched. */
  callActive(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Keeps its owner out; the reason tells whose lock it is. */
  lock(id: InstanceId, reason: string, signal?: AbortSignal): Promise<void>
  /** The reason of its lock; null when it has none; undefined when it is not locked, or gone. */
  readLock(id: InstanceId, signal?: AbortSignal): Promise<string | null | undefined>
  /** Whoever has locked it; sent once, for a second one may undo what its owner has done after the first. */
  unlock(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Nova's own reason why its latest evacuation failed; undefined when it tells none. */
  explainFailure(id: InstanceId, signal?: AbortSignal): Promise<string | undefined>
  /** Makes its root disk anew from its image, on the host where it is. COMPUTE_REFUSED when it has none. */
  rebuild(id: InstanceId, signal?: AbortSignal): Promise<void>
}

/** Whether an error is one that Compute or Identity may throw. Every other error is a defect of ours. */
export const isComputeTrouble = (error: unknown): boolean =>
  isCoded(
    error,
    'COMPUTE_UNAVAILABLE',
    'COMPUTE_OUTCOME_UNKNOWN',
    'COMPUTE_BUSY',
    'COMPUTE_REFUSED',
    'COMPUTE_NOT_FOUND',
    'IDENTITY_UNAVAILABLE',
    'IDENTITY_REFUSED',
  )
