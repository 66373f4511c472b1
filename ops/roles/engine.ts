/** What the engine role is made of: the lease holder, and below it everything that acts while it leads. */
import { defineAftermath } from '../../actors/aftermath/aftermath.ts'
import { defineDedupWindow } from '../../actors/dedup-window/perform-dedup-window.ts'
import type { DedupWindowMessage } from '../../actors/dedup-window/window-state.ts'
import { defineIntake } from '../../actors/dedup-window/intake.ts'
import type { EvacuationOrder } from '../../actors/evacuator/evacuator-messages.ts'
import { defineEvacuator } from '../../actors/evacuator/perform-evacuator.ts'
import { ComputeNews } from '../../actors/evacuator/compute-news.ts'
import { ConcurrencyLimiter } from '../../actors/evacuator/concurrency-limiter.ts'
import { Vigils } from '../../actors/fence/vigils.ts'
import { defineFence, type FenceArgument } from '../../actors/fence/perform-fence.ts'
import {
  defineProcessRecovery,
  type ProcessArgument,
} from '../../actors/process-recovery/perform-process-recovery.ts'
import { defineHousekeeper } from '../../actors/housekeeper/perform-housekeeper.ts'
import {
  defineInstanceRecovery,
  type InstanceArgument,
} from '../../actors/instance-recovery/perform-instance-recovery.ts'
import type { AnyDefinition } from '../../actors/kernel/behaviour.ts'
import { refOf } from '../../actors/kernel/ref.ts'
import type { ActorSystem } from '../../actors/kernel/spawn.ts'
import { defineLeader, type LeaderMessage } from '../../actors/leader/leader.ts'
import type { LeaseMessage } from '../../actors/leadership/lease-holder.ts'
import { defineLeaseHolder } from '../../actors/leadership/perform-lease-holder.ts'
import { Bookings } from '../../actors/placement/bookings.ts'
import { defineReturner } from '../../actors/return/returner.ts'
import { InFlight } from '../../actors/recovery/in-flight.ts'
import { defineSegment } from '../../actors/segment/segment.ts'
import { defineRecovery } from '../../actors/recovery/perform-recovery.ts'
import type { RecoveryOrder } from '../../actors/recovery/recovery-messages.ts'
import type { SegmentIdentity } from '../../actors/segment/segment-messages.ts'
import type { Look } from '../../actors/verification/look.ts'
import type { Epoch, HostId } from '../../schema/ids.ts'
import type { NodeWorld } from './node.ts'

/** The lease holder of a process; its name is the same everywhere. */
export const LEASE_HOLDER = refOf<LeaseMessage>('lease-holder', 'engine')
const WINDOW = refOf<DedupWindowMessage>('dedup-window', 'leader')

/** Makers of every kind of actor in the engine. */
export function engineFactories(
  world: NodeWorld,
  system: () => ActorSystem,
): Readonly<Record<string, (argument: never, name: string) => AnyDefinition>> {
  const { rules } = world
  const inFlight = new InFlight()
  const news = new ComputeNews()
  const bookings = new Bookings(world.clock)
  const vigils = new Vigils(world.clock)
  const limiter = new ConcurrencyLimiter(world.clock, rules.concurrency)
  const tellWindow = (message: DedupWindowMessage): void => system().tell(WINDOW, message)
  const tellLook = (host: HostId, look: Look): void =>
    tellWindow({ type: 'window.host-looked', host, look, atMs: look.atMs })
  return {
    'lease-holder': () => defineLeaseHolder({ ...world, timing: rules.lease }),
    leader: (epoch: Epoch) => defineLeader(epoch),
    'dedup-window': (epoch: Epoch) =>
      defineDedupWindow(
        { ...world, rules: rules.window },
        refOf<LeaderMessage>('leader', String(epoch)),
      ),
    intake: () =>
      defineIntake({ ...world, news, tellWindow, duplicateWindowMs: rules.duplicateWindowMs }),
    housekeeper: () => defineHousekeeper({ ...world, rules: rules.housekeeping }),
    segment: (identity: SegmentIdentity) => defineSegment(identity),
    recovery: (order: RecoveryOrder) =>
      defineRecovery({ ...world, rules: rules.recovery, inFlight }, order),
    aftermath: (epoch: Epoch) => defineAftermath(world, epoch),
    returner: (epoch: Epoch) =>
      defineReturner(
        {
          ...world,
          rules: rules.returner,
          policy: rules.recovery,
          sshTimeoutMs: rules.sshTimeoutMs,
        },
        epoch,
      ),
    fence: (order: FenceArgument) =>
      defineFence({ ...world, timing: rules.fence, vigils, tellLook }, order),
    evacuator: (order: EvacuationOrder) =>
      defineEvacuator(
        {
          ...world,
          bookings,
          vigils,
          rules: rules.evacuator,
          limiter,
          news,
          policy: rules.recovery,
          disableReason: rules.disableReason,
        },
        order,
      ),
    'process-recovery': (order: ProcessArgument) =>
      defineProcessRecovery({ ...world, rules: rules.processRecovery }, order),
    'instance-recovery': (order: InstanceArgument) =>
      defineInstanceRecovery({ ...world, rules: rules.instanceRecovery }, order),
  }
}

/** Starts campaigning. */
export function startEngine(system: ActorSystem): void {
  system.start('lease-holder', 'engine', undefined)
}
