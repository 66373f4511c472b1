/** What the engine role is made of: the lease holder, and below it everything that acts while it leads. */
import { defineReconciler } from '../../actors/reconciler/reconciler.ts'
import { defineDedupWindow } from '../../actors/dedup-window/perform-dedup-window.ts'
import type { IntakeMessage } from '../../actors/dedup-window/intake.ts'
import type { DedupWindowMessage } from '../../actors/dedup-window/window-state.ts'
import { defineIntake } from '../../actors/dedup-window/perform-intake.ts'
import { defineEvacuator } from '../../actors/evacuator/perform-evacuator.ts'
import { defineFence } from '../../actors/fence/perform-fence.ts'
import { defineProcessRecovery } from '../../actors/process-recovery/perform-process-recovery.ts'
import { defineHousekeeper } from '../../actors/housekeeper/perform-housekeeper.ts'
import { defineInstanceRecovery } from '../../actors/instance-recovery/perform-instance-recovery.ts'
import type { ActorSystem } from '../../actors/kernel/spawn.ts'
import type { Factories } from '../../actors/kernel/typed-registry.ts'
import { LeaderMemories, sizesOf, type LeaderMemory } from '../../actors/leader-memory.ts'
import { defineLeader } from '../../actors/leadership/leader.ts'
import { defineGuestFollower } from '../../actors/guest-follower/guest-follower.ts'
import { defineLeaseHolder } from '../../actors/leadership/perform-lease-holder.ts'
import { defineReturner } from '../../actors/return/returner.ts'
import { defineSegment } from '../../actors/segment/segment.ts'
import { defineRecovery } from '../../actors/recovery/perform-recovery.ts'
import { refOf, type Actors, type EngineActors } from '../../actors/registry.ts'
import { keepDomains } from '../../actors/verification/domain-keeper.ts'
import type { Look } from '../../actors/verification/look.ts'
import type { Epoch, HostId } from '../../schema/ids.ts'
import type { NodeWorld } from './node.ts'

/** The lease holder of a process; its name is the same everywhere. */
export const LEASE_HOLDER = refOf('lease-holder', 'engine')
const WINDOW = refOf('dedup-window', 'leader')
const INTAKE = refOf('intake', 'leader')

/** Makers of every kind of actor in the engine. */
export function engineFactories(
  world: NodeWorld,
  system: () => ActorSystem<Actors>,
): Factories<EngineActors> {
  const { rules } = world
  const memories = leaderMemories(world)
  const tellWindow = (message: DedupWindowMessage): void => system().tell(WINDOW, message)
  const tellIntake = (message: IntakeMessage): void => system().tell(INTAKE, message)
  return {
    'lease-holder': () => defineLeaseHolder({ ...world, timing: rules.lease }),
    leader: (epoch) => {
      const memory = memories.begin(epoch)
      return defineLeader(epoch, () => sizesOf(memory))
    },
    'dedup-window': (epoch) =>
      defineDedupWindow(
        { ...world, ...memories.of(epoch), rules: rules.window },
        refOf('leader', String(epoch)),
      ),
    intake: (epoch) =>
      defineIntake({
        ...listening(world, memories.of(epoch), epoch),
        tellIntake,
        tellWindow,
        duplicateWindowMs: rules.duplicateWindowMs,
      }),
    housekeeper: () => defineHousekeeper({ ...world, rules: rules.housekeeping }),
    segment: (identity) => defineSegment(identity),
    recovery: (order) =>
      defineRecovery({ ...world, ...memories.of(order.epoch), rules: rules.recovery }, order),
    reconciler: (epoch) => defineReconciler(world, epoch),
    'guest-follower': (epoch) => defineGuestFollower({ ...world, ...memories.of(epoch) }, epoch),
    returner: (epoch) =>
      defineReturner(
        {
          ...world,
          rules: rules.returner,
          policy: rules.recovery,
          sshTimeoutMs: rules.sshTimeoutMs,
        },
        epoch,
      ),
    fence: (order) => {
      const memory = memories.of(order.epoch)
      const tellLook = (host: HostId, look: Look): void => {
        const observations = memory.observations.of(host)
        tellWindow({ type: 'window.host-looked', host, look, observations, atMs: look.atMs })
      }
      return defineFence({ ...world, ...memory, timing: rules.fence, tellLook }, order)
    },
    evacuator: (order) => defineEvacuator(evacuating(world, memories.of(order.epoch)), order),
    'process-recovery': (order) =>
      defineProcessRecovery({ ...world, rules: rules.processRecovery }, order),
    'instance-recovery': (order) =>
      defineInstanceRecovery({ ...world, rules: rules.instanceRecovery }, order),
  }
}

/** The memories of the leaders in this process, with the bounds of the rules. */
function leaderMemories(world: NodeWorld): LeaderMemories {
  const { window, observer, domains, concurrency: caps } = world.rules
  const { freshMs } = window
  const { observersPerHost } = observer
  return new LeaderMemories({ ...world, ...domains, freshMs, observersPerHost, caps })
}

/** What the intake works with; it also keeps what is known of failure domains. */
const listening = (world: NodeWorld, memory: LeaderMemory, epoch: Epoch) => ({
  ...world,
  ...memory,
  keepDomains: (signal: AbortSignal) => keepDomains({ ...world, ...memory, epoch }, signal),
})

/** What an evacuator works with. */
const evacuating = (world: NodeWorld, memory: LeaderMemory) => ({
  ...world,
  ...memory,
  rules: world.rules.evacuator,
  policy: world.rules.recovery,
  disableReason: world.rules.disableReason,
})

/** Starts campaigning. */
export function startEngine(system: ActorSystem<Actors>): void {
  system.start('lease-holder', 'engine', undefined)
}
