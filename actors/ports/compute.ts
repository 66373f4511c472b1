/** What we need of the Compute API (Nova), in our words. Errors carry COMPUTE_* and IDENTITY_* codes. */
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Resources } from '../../schema/resources.ts'

export interface ComputeService {
  readonly id: string
  readonly host: HostName
  readonly up: boolean
  readonly disabled: boolean
  readonly forcedDown: boolean
}

export interface Instance {
  readonly id: InstanceId
  readonly name: string
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
  /** What it takes of a host. */
  readonly needs: Resources
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
  /** Lets Nova count the service by its heartbeat again. COMPUTE_REFUSED while evacuations of its host are not closed. */
  clearForcedDown(serviceId: string, signal?: AbortSignal): Promise<void>
  /** Lets the scheduler use the host again. */
  enable(serviceId: string, signal?: AbortSignal): Promise<void>
  /** All instances of a host, every page, deleted ones left out. */
  listInstances(host: HostName, signal?: AbortSignal): Promise<readonly Instance[]>
  getInstance(id: InstanceId, signal?: AbortSignal): Promise<Instance | undefined>
  /** Asks for an evacuation; resolves when Nova has accepted it. Never retried inside: COMPUTE_OUTCOME_UNKNOWN. */
  evacuate(id: InstanceId, target: HostName | undefined, signal?: AbortSignal): Promise<void>
  /** Evacuation records with this source host, changed since a time (wall ms), newest first. */
  listEvacuations(
    source: HostName,
    sinceMs: number,
    signal?: AbortSignal,
  ): Promise<readonly Evacuation[]>
  hardReboot(id: InstanceId, signal?: AbortSignal): Promise<void>
  start(id: InstanceId, signal?: AbortSignal): Promise<void>
}
