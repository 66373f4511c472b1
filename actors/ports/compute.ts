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
  /**
   * The reason that was given when the service was disabled; null when it is enabled or no reason
   * was given.
   */
  readonly disabledReason: string | null
  readonly forcedDown: boolean
  /** Its availability zone; null when Nova does not show it. */
  readonly zone: string | null
  /**
   * When Nova last wrote the row of the service, at each heartbeat and each change; null when
   * never. Wall ms of Nova's own clock: the value is compared only with itself, because Nova's
   * clock and ours may differ by seconds.
   */
  readonly writtenAt: number | null
  /**
   * The time between that writing and the answer, both by Nova's own clock, ms; null when never
   * written.
   */
  readonly writtenAgoMs: number | null
}

export interface Instance {
  readonly id: InstanceId
  readonly name: string
  /** Id of the project that owns it. */
  readonly project: string
  /** The service host; null when the instance is on no host. */
  readonly host: HostName | null
  /** `OS-EXT-STS:vm_state`: active, stopped, error, … */
  readonly vmState: string
  /** `OS-EXT-STS:task_state`; null when idle. */
  readonly taskState: string | null
  /** `OS-EXT-STS:power_state`: 1 running, 4 shutdown, … */
  readonly powerState: number
  readonly metadata: Readonly<Record<string, string>>
  readonly volumeBacked: boolean
  /**
   * Whether it is locked. The owner of an instance can then change nothing, unless the owner set
   * the lock.
   */
  readonly locked: boolean
  /** The resources that it needs on a host. */
  readonly needs: Resources
  /**
   * What its flavour requires from Placement beside that; null when nothing. Instances with the
   * same text require the same.
   */
  readonly request: string | null
  /**
   * The availability zone that was requested when it was created; null when there was none, or when
   * Nova does not show it.
   */
  readonly zone: string | null
}

/** An action on one instance, requested by a user or begun by Nova itself. */
export interface InstanceAction {
  /** create, stop, start, reboot, rebuild, evacuate, … */
  readonly action: string
  /**
   * The user who requested it; null when Nova acted by itself, for example after the emulator has
   * died.
   */
  readonly user: string | null
  readonly startedAt: number
}

/** What the hypervisor says about a guest at the time of the question. */
export interface GuestDiagnostics {
  /** running, paused, shutdown, crashed, … */
  readonly state: string
  /** Of all its network devices, since it was started. */
  readonly packetsSent: number
  /** Of all its disks, since it was started. */
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

/** A group of hosts to which instances may be bound. */
export interface Aggregate {
  readonly id: string
  readonly name: string
  readonly hosts: readonly HostName[]
  readonly metadata: Readonly<Record<string, string>>
}

/** A server group: its instances should be on one host, or on different hosts. */
export interface ServerGroup {
  readonly id: string
  readonly name: string
  readonly policy: GroupPolicy
  /** How many members one host may have at most, when they must be on different hosts. */
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
  /**
   * The nova-compute service of one host; undefined when Nova does not know the host. `requestId`
   * is the caller's.
   */
  findService(
    host: HostName,
    signal?: AbortSignal,
    requestId?: string,
  ): Promise<ComputeService | undefined>
  /**
   * Disables the service and forces it down, in one request: only for a host that is certainly
   * dead. With a null reason, the service is only forced down, and the reason of an earlier
   * disabling stays.
   */
  isolate(serviceId: string, reason: string | null, signal?: AbortSignal): Promise<void>
  /** Disables the service of a living host, so that the scheduler does not use it. */
  disable(serviceId: string, reason: string, signal?: AbortSignal): Promise<void>
  /**
   * Makes Nova judge the service by its heartbeat again. COMPUTE_REFUSED while evacuations of its
   * host are not closed.
   */
  clearForcedDown(serviceId: string, signal?: AbortSignal): Promise<void>
  /** Allows the scheduler to use the host again. */
  enable(serviceId: string, signal?: AbortSignal): Promise<void>
  listAggregates(signal?: AbortSignal): Promise<readonly Aggregate[]>
  /**
   * Harmless when the host is a member. COMPUTE_REFUSED when it cannot be one, for example of two
   * zones; COMPUTE_NOT_FOUND.
   */
  joinAggregate(id: string, host: HostName, signal?: AbortSignal): Promise<void>
  /**
   * Harmless when the host is no member. COMPUTE_REFUSED when it may not leave; COMPUTE_NOT_FOUND
   * without the aggregate.
   */
  leaveAggregate(id: string, host: HostName, signal?: AbortSignal): Promise<void>
  /**
   * All instances of a host, from every page, without deleted ones. COMPUTE_UNAVAILABLE while Nova
   * may hide some, for example when a cell is down. An instance that cannot be read has the state
   * UNCLEAR.
   */
  listInstances(host: HostName, signal?: AbortSignal): Promise<readonly Instance[]>
  /**
   * All instances of a project, from every page, without deleted ones. `requestId` is the caller's.
   */
  listProjectInstances(
    project: string,
    signal?: AbortSignal,
    requestId?: string,
  ): Promise<readonly Instance[]>
  getInstance(id: InstanceId, signal?: AbortSignal): Promise<Instance | undefined>
  /**
   * COMPUTE_REFUSED when the instance does not run, or when its hypervisor gives no diagnostics;
   * COMPUTE_NOT_FOUND.
   */
  readDiagnostics(id: InstanceId, signal?: AbortSignal): Promise<GuestDiagnostics>
  /** Newest first. COMPUTE_NOT_FOUND. */
  listActions(id: InstanceId, signal?: AbortSignal): Promise<readonly InstanceAction[]>
  /** All server groups, of all projects. */
  listServerGroups(signal?: AbortSignal): Promise<readonly ServerGroup[]>
  /**
   * Requests an evacuation; resolves when Nova has accepted it. Never retried inside:
   * COMPUTE_OUTCOME_UNKNOWN.
   */
  evacuate(id: InstanceId, target: HostName | undefined, signal?: AbortSignal): Promise<void>
  /** Evacuation records with this source host, created since a time (wall ms), newest first. */
  listEvacuations(
    source: HostName,
    sinceMs: number,
    signal?: AbortSignal,
  ): Promise<readonly Evacuation[]>
  hardReboot(id: InstanceId, signal?: AbortSignal): Promise<void>
  start(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Only for an instance that is active or in error, and has no task. */
  stop(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Only for an instance that is active and has no task. */
  pause(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Sets its state to error, whatever it is, and ends its task. The guest is not touched. */
  callBroken(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Sets its state to active, whatever it is, and ends its task. The guest is not touched. */
  callActive(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Locks the instance, so that its owner cannot change it. The reason tells whose lock it is. */
  lock(id: InstanceId, reason: string, signal?: AbortSignal): Promise<void>
  /**
   * The reason of its lock; null when the lock has none; undefined when the instance is not locked,
   * or gone.
   */
  readLock(id: InstanceId, signal?: AbortSignal): Promise<string | null | undefined>
  /**
   * Unlocks the instance, whoever locked it. The request is sent once, because a second one could
   * remove a later lock of the owner.
   */
  unlock(id: InstanceId, signal?: AbortSignal): Promise<void>
  /** Nova's own reason why its latest evacuation failed; undefined when Nova gives none. */
  explainFailure(id: InstanceId, signal?: AbortSignal): Promise<string | undefined>
  /**
   * Makes its root disk anew from its image, on its present host. COMPUTE_REFUSED when it has no
   * image.
   */
  rebuild(id: InstanceId, signal?: AbortSignal): Promise<void>
}

/**
 * Whether an error is one that Compute or Identity may cause. Every other error is a defect of
 * ours.
 */
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
