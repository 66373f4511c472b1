/** Carries out the segment's effects: reads the situation and writes its decisions. */
import { assertNever } from '../kernel/assert-never.ts'
import { define, type AnyDefinition } from '../kernel/behaviour.ts'
import { SUPERVISOR } from '../kernel/supervision.ts'
import type { ClockSteps } from '../leadership/clock-steps.ts'
import type { Contact } from '../leadership/contact.ts'
import type { Acting } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort, RandomPort } from '../ports/clock.ts'
import type { HostObservations } from '../dedup-window/host-observations.ts'
import type { HostId } from '../../schema/ids.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import type { InFlight } from './in-flight.ts'
import type { Recovery } from './recovery.ts'
import { segment } from './segment.ts'
import { overallObjection } from './storm-guard.ts'
import {
  SERVING,
  type SegmentEffect,
  type SegmentIdentity,
  type SegmentMessage,
  type SegmentRules,
  type SegmentState,
} from './segment-state.ts'

export interface SegmentWorld extends Acting {
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly announcer: Announcer
  readonly contact: Contact
  readonly clockSteps: ClockSteps
  readonly rules: SegmentRules
  /** Shared by all segments of this process. */
  readonly inFlight: InFlight
  readonly sightings: HostObservations
}

/** The actor that decides for one segment, with one epoch. */
export function defineSegment(world: SegmentWorld, identity: SegmentIdentity): AnyDefinition {
  return define<SegmentState, SegmentMessage, SegmentEffect>({
    initial: SERVING,
    behaviour: segment(identity, world.rules),
    first: { type: 'segment.begin' },
    policy: SUPERVISOR,
    perform: (effect, signal) => performSegment({ world, identity, signal }, effect),
  })
}

interface Serving {
  readonly world: SegmentWorld
  readonly identity: SegmentIdentity
  readonly signal: AbortSignal
}

async function performSegment(
  serving: Serving,
  effect: SegmentEffect,
): Promise<SegmentMessage | undefined> {
  switch (effect.type) {
    case 'snapshot.read':
      return consult(serving, effect.notification)
    case 'recovery.admit':
      return admit(serving, effect)
    case 'recovery.suspend':
      return suspend(serving, effect.recovery, effect.reason)
    case 'recovery.note-held':
      await noteHeld(serving, effect.recovery, effect.reason)
      return undefined
    case 'recovery.conclude':
      return conclude(serving, effect)
    case 'recovery.cancel':
      return cancel(serving, effect.recovery, effect.reason)
    case 'flight.leave':
      serving.world.inFlight.release(serving.identity.epoch, effect.host)
      return undefined
    case 'flight.rejoin':
      serving.world.inFlight.claim(serving.identity.epoch, effect.host, () => undefined)
      return undefined
    default:
      return assertNever(effect)
  }
}

async function consult(
  { world, identity, signal }: Serving,
  notification: Recovery['notification']['uuid'],
): Promise<SegmentMessage> {
  const since = world.clockSteps.earliestWithin(world.rules.storm.windowMs)
  const stored = await untilStored(world.clock, signal, () =>
    world.store.readSnapshot(identity.segment, notification, since),
  )
  // A report that our own observers contradict is not believed (the window holds it back): its host fails with nobody.
  const failing = stored.failing.filter(({ sourceHost }) => !seenWell(world, sourceHost))
  return {
    type: 'segment.consulted',
    notification,
    snapshot: { ...stored, failing },
    nowWallMs: world.clock.wallMs(),
    ledForMs: world.tenure.heldForMs(),
    inContactForMs: world.contact.unbrokenForMs(),
    hostSeenWell: seenWell(world, stored.notification?.sourceHost),
    doubted: doubtedOf(world, stored),
  }
}

const seenWell = ({ sightings }: SegmentWorld, host: HostId | undefined): boolean =>
  host !== undefined && sightings.seenWell(host)

/** A doubt that has lasted for long is not of one fault with what is reported now. */
function doubtedOf(
  { sightings, clock, rules }: SegmentWorld,
  { hostsOverall }: SegmentSnapshot,
): ReadonlySet<HostId> {
  const begunSinceMs = clock.monotonicMs() - rules.gatheringMs
  const doubted = hostsOverall.filter(({ uuid }) => sightings.doubtedLately(uuid, begunSinceMs))
  return new Set(doubted.map(({ uuid }) => uuid))
}

async function admit(
  serving: Serving,
  effect: SegmentEffect & { readonly type: 'recovery.admit' },
): Promise<SegmentMessage> {
  const { world, identity, signal } = serving
  const { recovery, reason } = effect
  const { uuid: notification, type } = recovery.notification
  const objection = claim(serving, effect)
  if (objection !== undefined) {
    return { type: 'segment.deferred', notification, reason: objection }
  }
  const admitted = await transition(serving, recovery, { to: 'running', reason })
  if (!admitted) {
    world.inFlight.release(identity.epoch, recovery.host)
    return { type: 'segment.gone', notification }
  }
  await untilStored(world.clock, signal, async () => {
    const isFirst = recovery.run === recovery.firstRun && recovery.seenAlive === 0
    for (const detail of isFirst ? recovery.evidence : []) {
      await world.store.appendJournal(identity.epoch, {
        notification,
        kind: 'evidence',
        step: 'observe',
        subject: recovery.hostName,
        detail,
      })
    }
    if (type === 'COMPUTE_HOST') {
      await world.store.holdHost(identity.epoch, recovery.host, notification)
    }
  })
  return { type: 'segment.admitted', notification }
}

/** Takes the last place under the cap of all segments, or says why there is none. */
function claim(
  { world, identity }: Serving,
  { recovery, census }: SegmentEffect & { readonly type: 'recovery.admit' },
): string | undefined {
  const { host } = recovery
  if (recovery.notification.type !== 'COMPUTE_HOST') return undefined
  return world.inFlight.claim(identity.epoch, host, (inFlight) => {
    if (census === null) return undefined
    const actedOn = new Set([...census.actedOn, ...inFlight])
    return overallObjection(world.rules.overall, host, { ...census, actedOn })
  })
}

async function conclude(
  serving: Serving,
  { recovery, to, reason }: SegmentEffect & { readonly type: 'recovery.conclude' },
): Promise<SegmentMessage> {
  const { world, identity, signal } = serving
  const { uuid: notification } = recovery.notification
  // An untouched host goes back into service; a fenced one waits for its checked return.
  await untilStored(world.clock, signal, async () => {
    if (to === 'failed') {
      const end = { status: to, message: reason } as const
      await world.store.endMoves(identity.epoch, notification, end)
    }
    if (recovery.certified) return
    await world.store.releaseUntouched(identity.epoch, recovery.host, notification)
  })
  return end(serving, recovery, { to, reason })
}

/** What is cancelled is in an operator's hands: its host stays out of service, and is not reported again, until it returns. */
async function cancel(
  serving: Serving,
  recovery: Recovery,
  reason: string,
): Promise<SegmentMessage> {
  const { world, identity, signal } = serving
  const { epoch } = identity
  const { uuid: notification, type } = recovery.notification
  await untilStored(world.clock, signal, async () => {
    await world.store.endMoves(epoch, notification, { status: 'ignored', message: reason })
    if (type === 'COMPUTE_HOST') await world.store.holdHost(epoch, recovery.host, notification)
  })
  return end(serving, recovery, { to: 'ignored', reason })
}

async function end(
  serving: Serving,
  recovery: Recovery,
  verdict: { readonly to: Recovery['notification']['status']; readonly reason: string },
): Promise<SegmentMessage> {
  const { world, identity } = serving
  await transition(serving, recovery, verdict)
  if (recovery.notification.type === 'COMPUTE_HOST') {
    world.inFlight.release(identity.epoch, recovery.host)
  }
  return { type: 'segment.concluded', notification: recovery.notification.uuid }
}

async function suspend(
  serving: Serving,
  recovery: Recovery,
  reason: string,
): Promise<SegmentMessage> {
  const { uuid: notification } = recovery.notification
  const chance = serving.world.random.fork(`${notification} ${recovery.run}`).next()
  const done = await transition(serving, recovery, { to: 'error', reason })
  return done
    ? { type: 'segment.suspended', notification, chance }
    : { type: 'segment.gone', notification }
}

/** Writes the status with its reason, and says it on the bus. False when the notification had ended already. */
async function transition(
  { world, identity, signal }: Serving,
  recovery: Recovery,
  { to, reason }: { readonly to: Recovery['notification']['status']; readonly reason: string },
): Promise<boolean> {
  const { uuid: notification } = recovery.notification
  const done = await untilStored(world.clock, signal, () =>
    world.store.recordTransition(identity.epoch, {
      notification,
      from: ['new', 'running', 'error'],
      to,
      reason,
    }),
  )
  if (done) announceStep(world, recovery, { step: to, reason })
  return done
}

async function noteHeld(serving: Serving, recovery: Recovery, reason: string): Promise<void> {
  const { world, identity, signal } = serving
  const { uuid: notification } = recovery.notification
  if (recovery.lastHeld === reason) return
  await untilStored(world.clock, signal, () =>
    world.store.appendJournal(identity.epoch, {
      notification,
      kind: 'decision',
      step: 'hold',
      subject: recovery.hostName,
      detail: reason,
    }),
  )
  announceStep(world, recovery, { step: 'held', reason })
}

function announceStep(
  world: SegmentWorld,
  recovery: Recovery,
  { step, reason }: { readonly step: string; readonly reason: string },
): void {
  world.announcer.announce('recovery.stepped', {
    notification: recovery.notification.uuid,
    host: recovery.hostName,
    step,
    reason,
    evidence: step === 'running' ? [...recovery.evidence] : [],
  })
}
