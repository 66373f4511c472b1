/**
 * Every kind of actor: what one is started with, and which messages it takes. From here come all their addresses, and the
 * effects that start and stop them, so the compiler sees to it that nobody tells or starts an actor wrongly. Which kind is the
 * child of which: `root.ts`.
 */
import type { Epoch, HostName } from '../schema/ids.ts'
import type { ReconcilerMessage } from './reconciler/reconciler.ts'
import type { IntakeMessage } from './dedup-window/intake.ts'
import type { DedupWindowMessage } from './dedup-window/window-state.ts'
import type { EvacuationOrder, EvacuatorMessage } from './evacuator/evacuator-messages.ts'
import type { FenceMessage } from './fence/fence-messages.ts'
import type { FenceArgument } from './fence/perform-fence.ts'
import type { GuestFollowerMessage } from './guest-follower/guest-follower.ts'
import type { HostWatcherMessage, WatchedHost } from './host-watcher/host-watcher.ts'
import type { ObserverMessage } from './host-watcher/observer.ts'
import type { HousekeeperMessage } from './housekeeper/perform-housekeeper.ts'
import type { InstanceRecoveryMessage } from './instance-recovery/instance-recovery.ts'
import type { InstanceArgument } from './instance-recovery/perform-instance-recovery.ts'
import type { HostHeartbeatMessage } from './instance-watcher/host-heartbeat.ts'
import type { InstanceWatcherMessage } from './instance-watcher/instance-watcher.ts'
import { typedRegistry } from './kernel/typed-registry.ts'
import type { LeaderMessage } from './leadership/leader.ts'
import type { LeaseMessage } from './leadership/lease-holder.ts'
import type { ProcessArgument } from './process-recovery/perform-process-recovery.ts'
import type { ProcessRecoveryMessage } from './process-recovery/process-recovery.ts'
import type { RecoveryMessage, RecoveryOrder } from './recovery/recovery-messages.ts'
import type { ReturnerMessage } from './return/returner.ts'
import type { SegmentIdentity, SegmentMessage } from './segment/segment-messages.ts'

/** Actors of the engine role. */
export interface EngineActors {
  'lease-holder': { argument: undefined; message: LeaseMessage }
  leader: { argument: Epoch; message: LeaderMessage }
  intake: { argument: Epoch; message: IntakeMessage }
  'dedup-window': { argument: Epoch; message: DedupWindowMessage }
  returner: { argument: Epoch; message: ReturnerMessage }
  reconciler: { argument: Epoch; message: ReconcilerMessage }
  'guest-follower': { argument: Epoch; message: GuestFollowerMessage }
  housekeeper: { argument: undefined; message: HousekeeperMessage }
  segment: { argument: SegmentIdentity; message: SegmentMessage }
  recovery: { argument: RecoveryOrder; message: RecoveryMessage }
  fence: { argument: FenceArgument; message: FenceMessage }
  evacuator: { argument: EvacuationOrder; message: EvacuatorMessage }
  'instance-recovery': { argument: InstanceArgument; message: InstanceRecoveryMessage }
  'process-recovery': { argument: ProcessArgument; message: ProcessRecoveryMessage }
}

/** Actors of the host-monitor role. */
export interface HostMonitorActors {
  observer: { argument: undefined; message: ObserverMessage }
  'host-watcher': { argument: WatchedHost; message: HostWatcherMessage }
}

/** Actors of the instance-monitor role. */
export interface InstanceMonitorActors {
  'instance-watcher': { argument: HostName; message: InstanceWatcherMessage }
  'host-heartbeat': { argument: HostName; message: HostHeartbeatMessage }
}

export interface Actors extends EngineActors, HostMonitorActors, InstanceMonitorActors {}

export const { refOf, startChild, stopChild } = typedRegistry<Actors>()
