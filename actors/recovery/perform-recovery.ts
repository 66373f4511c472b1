/** Performs the effects of a recovery: reads the situation, and writes decisions. */
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import type { ClockSteps } from '../leadership/clock-steps.ts'
import type { PartitionDetector } from '../leadership/partition-detector.ts'
import type { Acting } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort, RandomPort } from '../ports/clock.ts'
import type { DomainBook } from '../verification/domain-book.ts'
import type { HostObservations } from '../verification/host-observations.ts'
import type { HostId } from '../../schema/ids.ts'
import type { AnnouncedStep } from '../../schema/messages/recovery.ts'
import type { EndStatus } from '../../schema/records.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import type { InFlight } from './in-flight.ts'
import { newRecovery, recovery } from './recovery.ts'
import type {
  RecoveryEffect,
  RecoveryMessage,
  RecoveryOrder,
  RecoveryRules,
  RecoveryState,
  Turn,
} from './recovery-messages.ts'
import { overallObjection } from './storm-guard.ts'
import { isInstanceOrServiceFault } from './summary.ts'

export interface RecoveryWorld extends Acting {
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly announcer: Announcer
  readonly partitionDetector: PartitionDetector
  readonly clockSteps: ClockSteps
  readonly rules: RecoveryRules
  /** Shared by all recoveries of this leader. */
  readonly inFlight: InFlight
  readonly observations: HostObservations
  readonly domains: DomainBook
}

/** The actor of one notification, from the report to its end. */
export function defineRecovery(
  world: RecoveryWorld,
  order: RecoveryOrder,
): Definition<RecoveryMessage> {
  return define<RecoveryState, RecoveryMessage, RecoveryEffect>({
    initial: newRecovery(order),
    behaviour: recovery(order, world.rules),
    first: { type: 'recovery.begin' },
    policy: SUPERVISION.recovery,
    perform: (effect, signal) => performRecovery({ world, order, signal }, effect),
  })
}

interface Recovering {
  readonly world: RecoveryWorld
  readonly order: RecoveryOrder
  readonly signal: AbortSignal
}

async function performRecovery(
  recovering: Recovering,
  effect: RecoveryEffect,
): Promise<RecoveryMessage | undefined> {
  const { world, order } = recovering
  switch (effect.type) {
    case 'snapshot.read':
      return consult(recovering, effect.turn)
    case 'recovery.admit':
      return admit(recovering, effect)
    case 'recovery.suspend':
      return suspend(recovering, effect)
    case 'recovery.note-held':
      await noteHeld(recovering, effect)
      return undefined
    case 'recovery.conclude':
      return conclude(recovering, effect)
    case 'recovery.cancel':
      return cancel(recovering, effect.reason)
    case 'flight.leave':
      world.inFlight.release(order.notification.sourceHost)
      return undefined
    case 'flight.rejoin':
      world.inFlight.claim(order.notification.sourceHost, () => undefined)
      return undefined
    default:
      return assertNever(effect)
  }
}

async function consult({ world, order, signal }: Recovering, turn: Turn): Promise<RecoveryMessage> {
  const since = world.clockSteps.earliestWithin(world.rules.storm.windowMs)
  const { uuid, type } = order.notification
  const stored = await untilStored(world.clock, signal, () =>
    world.store.readSnapshot(order.segment, uuid, since, type),
  )
  // A report that our own observers contradict does not count here (the dedup-window holds it
  // back): its host does not fail together with others.
  const failing = stored.failing.filter(({ sourceHost }) => !seenWell(world, sourceHost))
  return {
    type: 'recovery.consulted',
    turn,
    snapshot: { ...stored, failing },
    nowWallMs: world.clock.wallMs(),
    ledForMs: world.term.heldForMs(),
    inContactForMs: world.partitionDetector.unbrokenForMs(),
    hostSeenWell: seenWell(world, stored.notification?.sourceHost),
    ...cutOf(world, stored.notification),
    doubted: doubtedOf(world, stored),
  }
}

const seenWell = ({ observations }: RecoveryWorld, host: HostId | undefined): boolean =>
  host !== undefined && observations.seenWell(host)

/** Faults of guests and services have no part in it. */
const cutOf = (
  { domains }: RecoveryWorld,
  reported: SegmentSnapshot['notification'],
): Pick<RecoveryMessage & { readonly type: 'recovery.consulted' }, 'cut' | 'awaited'> =>
  reported?.type === 'COMPUTE_HOST'
    ? { cut: domains.judge(reported.sourceHost), awaited: domains.awaited(reported.sourceHost) }
    : { cut: { kind: 'separate' }, awaited: undefined }

/** A doubt that has lasted long does not belong to the fault that is reported now. */
function doubtedOf(
  { observations, clock, rules }: RecoveryWorld,
  { hostsOverall }: SegmentSnapshot,
): ReadonlySet<HostId> {
  const begunSinceMs = clock.monotonicMs() - rules.gatheringMs
  const doubted = hostsOverall.filter(({ uuid }) => observations.doubtedLately(uuid, begunSinceMs))
  return new Set(doubted.map(({ uuid }) => uuid))
}

async function admit(
  recovering: Recovering,
  effect: RecoveryEffect & { readonly type: 'recovery.admit' },
): Promise<RecoveryMessage> {
  const { world, order, signal } = recovering
  const { notification, epoch, hostName } = order
  const objection = claim(recovering, effect)
  if (objection !== undefined) return { type: 'recovery.deferred', reason: objection }
  const admitted = await transition(recovering, { to: 'running', reason: effect.reason })
  if (!admitted) {
    world.inFlight.release(notification.sourceHost)
    return { type: 'recovery.gone' }
  }
  const { run, firstRun, seenAlive } = effect.known
  await untilStored(world.clock, signal, async () => {
    for (const detail of run === firstRun && seenAlive === 0 ? order.evidence : []) {
      await world.store.appendJournal(epoch, {
        notification: notification.uuid,
        kind: 'evidence',
        step: 'observe',
        subject: hostName,
        detail,
      })
    }
    if (!isInstanceOrServiceFault(order)) {
      await world.store.holdHost(epoch, notification.sourceHost, notification.uuid)
    }
  })
  return { type: 'recovery.admitted' }
}

/** Takes a place under the cap of all segments, or returns the reason why there is none. */
function claim(
  { world, order }: Recovering,
  { census }: RecoveryEffect & { readonly type: 'recovery.admit' },
): string | undefined {
  if (isInstanceOrServiceFault(order)) return undefined
  const { sourceHost: host } = order.notification
  return world.inFlight.claim(host, (inFlight) => {
    if (census === null) return undefined
    const actedOn = new Set([...census.actedOn, ...inFlight])
    return overallObjection(world.rules.overall, host, { ...census, actedOn })
  })
}

async function conclude(
  recovering: Recovering,
  { certified, to, reason }: RecoveryEffect & { readonly type: 'recovery.conclude' },
): Promise<RecoveryMessage> {
  const { world, order, signal } = recovering
  const { uuid, sourceHost } = order.notification
  // An untouched host goes back into service. A fenced host waits for its checked return.
  await untilStored(world.clock, signal, async () => {
    if (to === 'failed') {
      await world.store.endMoves(order.epoch, uuid, { status: to, message: reason })
    }
    if (!certified && !isInstanceOrServiceFault(order)) {
      await world.store.releaseUntouched(order.epoch, sourceHost, uuid)
    }
  })
  return end(recovering, { to, reason })
}

/**
 * After a cancel, the operator is responsible: the host stays out of service, and is not reported
 * again, until it returns.
 */
async function cancel(recovering: Recovering, reason: string): Promise<RecoveryMessage> {
  const { world, order, signal } = recovering
  const { uuid, sourceHost } = order.notification
  await untilStored(world.clock, signal, async () => {
    await world.store.endMoves(order.epoch, uuid, { status: 'ignored', message: reason })
    if (!isInstanceOrServiceFault(order)) await world.store.holdHost(order.epoch, sourceHost, uuid)
  })
  return end(recovering, { to: 'ignored', reason })
}

interface Verdict {
  readonly to: EndStatus | 'running' | 'error'
  readonly reason: string
}

async function end(recovering: Recovering, verdict: Verdict): Promise<RecoveryMessage> {
  const { world, order } = recovering
  await transition(recovering, verdict)
  if (!isInstanceOrServiceFault(order)) world.inFlight.release(order.notification.sourceHost)
  return { type: 'recovery.concluded' }
}

async function suspend(
  recovering: Recovering,
  { run, reason }: RecoveryEffect & { readonly type: 'recovery.suspend' },
): Promise<RecoveryMessage> {
  const { uuid } = recovering.order.notification
  const chance = recovering.world.random.fork(`${uuid} ${run}`).next()
  const isDone = await transition(recovering, { to: 'error', reason })
  return isDone ? { type: 'recovery.suspended', chance } : { type: 'recovery.gone' }
}

/**
 * Writes the status with its reason, and announces it on the bus. False when the notification had
 * already ended.
 */
async function transition(recovering: Recovering, { to, reason }: Verdict): Promise<boolean> {
  const { world, order, signal } = recovering
  const { uuid: notification } = order.notification
  const done = await untilStored(world.clock, signal, () =>
    world.store.recordTransition(order.epoch, {
      notification,
      from: ['new', 'running', 'error'],
      to,
      reason,
    }),
  )
  if (done) announceStep(recovering, { step: to, reason })
  return done
}

async function noteHeld(
  recovering: Recovering,
  { reason, evidence }: RecoveryEffect & { readonly type: 'recovery.note-held' },
): Promise<void> {
  const { world, order, signal } = recovering
  const about = { notification: order.notification.uuid, subject: order.hostName }
  await untilStored(world.clock, signal, () =>
    world.store.recordHold(order.epoch, { ...about, reason, evidence }),
  )
  announceStep(recovering, { step: 'held', reason })
}

function announceStep(
  { world, order }: Recovering,
  { step, reason }: { readonly step: AnnouncedStep; readonly reason: string },
): void {
  world.announcer.announce('recovery.stepped', {
    notification: order.notification.uuid,
    host: order.hostName,
    step,
    reason,
    evidence: step === 'running' ? [...order.evidence] : [],
  })
}
