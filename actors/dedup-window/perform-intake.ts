/** Listens to the bus for the intake, and carries out what follows from what is heard. */
import { describeError, isCoded } from '../../schema/errors.ts'
import { subjectOf, subjectsOf } from '../../schema/messages/codec.ts'
import { traceIdIn } from '../../schema/messages/envelope.ts'
import { NEWS_TOPICS, type ComputeNews } from '../evacuator/compute-news.ts'
import type { HostBeats } from '../verification/host-beats.ts'
import type { GuestLists } from '../guest-follower/guest-lists.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import { FAULT_CONSUMER, type BusMessage } from '../ports/bus.ts'
import { sleep } from '../ports/clock.ts'
import type { RosterStore } from '../ports/roster-store.ts'
import type { NotificationStore, UnfinishedRecovery } from '../ports/store.ts'
import type { HostObservations } from '../verification/host-observations.ts'
import { HostReportLog } from './host-report-log.ts'
import {
  intake,
  LISTENING,
  type BegunRecovery,
  type DeliveredFault,
  type StoringOutcome,
  type IntakeEffect,
  type IntakeMessage,
  type IntakeState,
} from './intake.ts'
import { Parking, type ParkingWorld } from './parking.ts'
import { RosterKeeper } from './roster-keeper.ts'
import type { Roster } from './roster.ts'
import type { DedupWindowMessage } from './window-state.ts'

export interface IntakeWorld extends ParkingWorld {
  readonly store: NotificationStore & Pick<RosterStore, 'readRoster'>
  readonly duplicateWindowMs: number
  readonly observations: HostObservations
  readonly roster: Roster
  readonly news: ComputeNews
  readonly guestLists: GuestLists
  readonly hostBeats: HostBeats
  /** Keeps what is known of failure domains until the signal ends it. */
  readonly keepDomains: (signal: AbortSignal) => Promise<void>
  /** What is heard on the bus. */
  readonly tellIntake: (message: IntakeMessage) => void
  readonly tellWindow: (message: DedupWindowMessage) => void
}

/** The actor that listens to the bus while we lead. */
export function defineIntake(world: IntakeWorld): Definition<IntakeMessage> {
  const hostReportLog = new HostReportLog(world)
  const parking = new Parking(world)
  return define<IntakeState, IntakeMessage, IntakeEffect>({
    initial: LISTENING,
    behaviour: intake,
    first: { type: 'intake.begin' },
    policy: SUPERVISION.intake,
    perform: (effect, signal) =>
      performIntake({ ...world, hostReportLog, parking }, effect, signal),
  })
}

interface PerformWorld extends IntakeWorld {
  readonly hostReportLog: HostReportLog
  readonly parking: Parking
}

function performIntake(
  world: PerformWorld,
  effect: IntakeEffect,
  signal: AbortSignal,
): Promise<IntakeMessage | undefined> | undefined {
  switch (effect.type) {
    case 'bus.listen':
      return listen(world, signal)
    case 'observation.keep':
      return keep(world, effect)
    case 'news.spread':
      world.news.spread(effect.instance)
      return undefined
    case 'faults.store':
      return storeAll(world, effect.faults)
    case 'fault.acknowledge':
      effect.delivery.ack()
      return undefined
    case 'fault.park': {
      const { delivery, reason } = effect
      world.parking.park(delivery, `refused ${delivery.deliveries} times: ${reason}`)
      delivery.ack()
      return undefined
    }
    case 'fault.hand-back': {
      const { delivery, afterMs, reason } = effect
      world.log.warn({ subject: delivery.subject, error: reason }, 'fault not stored')
      delivery.retry(afterMs)
      return undefined
    }
    default:
      return assertNever(effect)
  }
}

/** Listens until the signal ends it. */
async function listen(world: PerformWorld, signal: AbortSignal): Promise<undefined> {
  const { bus, cloud, parking } = world
  const keeper = new RosterKeeper(world, world.roster)
  // The next leader has an intake of the same name: nothing that we hear may reach it.
  const tell = (message: IntakeMessage): void => {
    if (!signal.aborted) world.tellIntake(message)
  }
  const hear = (message: BusMessage): void => {
    const received = parking.decode(message)
    if (received !== undefined) tell({ type: 'intake.received', received })
  }
  await using open = new AsyncDisposableStack()
  open.use(
    bus.subscribe(subjectsOf(cloud, 'host.observed'), (message) => {
      const received = parking.decode(message)
      if (received?.type !== 'host.observed') return
      const observed = world.roster.admit(received)
      const trace = traceIdIn(received.trace)
      if (observed !== undefined) tell({ type: 'intake.observed', observed, trace })
      // It may have been registered since the roster was read. What strangers say takes no room in the mailbox.
      else keeper.expedite()
    }),
  )
  open.use(bus.subscribe(subjectsOf(cloud, 'operator.commanded'), hear))
  open.use(
    bus.subscribe(subjectsOf(cloud, 'guests.running'), (message) =>
      world.guestLists.note(message, world.clock.monotonicMs()),
    ),
  )
  open.use(
    bus.subscribe(subjectsOf(cloud, 'host.heartbeat'), (message) =>
      world.hostBeats.note(message, world.clock.monotonicMs()),
    ),
  )
  for (const topic of NEWS_TOPICS) open.use(bus.subscribe(subjectOf(cloud, ...topic), hear))
  open.use(
    bus.consumeFaults(FAULT_CONSUMER, (delivery) => {
      const received = parking.decodeFault(delivery)
      if (received !== 'waits') tell({ type: 'intake.fault-delivered', delivery, received })
    }),
  )
  const aborted = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => aborted.resolve(), { once: true })
  const kept = Promise.all([keeper.keep(signal), world.keepDomains(signal)])
  await Promise.race([kept, aborted.promise])
  return undefined
}

function keep(
  world: IntakeWorld,
  { observed, trace }: IntakeEffect & { readonly type: 'observation.keep' },
): undefined {
  world.observations.note(observed.host, observed, trace)
  const observations = world.observations.of(observed.host)
  const atMs = world.clock.monotonicMs()
  world.tellWindow({ type: 'window.observed', observed, observations, atMs })
}

/**
 * After them others have their turn: a store in this process answers at once, so that thousands in a row would keep the fault
 * of a host from the store, and timers from the lease.
 */
async function storeAll(
  world: PerformWorld,
  faults: readonly DeliveredFault[],
): Promise<IntakeMessage> {
  const outcomes = await Promise.all(faults.map((fault) => store(world, fault)))
  await sleep(world.clock, 0)
  return { type: 'intake.faults-handled', outcomes }
}

async function store(
  { clock, duplicateWindowMs, store: notifications, hostReportLog, observations }: PerformWorld,
  { delivery, report }: DeliveredFault,
): Promise<StoringOutcome> {
  const { type, uuid, hostName, payload, generatedAt = clock.wallMs() } = report
  const stored = { type, uuid, hostName, payload, generatedAt, duplicateWindowMs }
  try {
    const acceptance = await notifications.acceptNotification(stored)
    if (report.type === 'COMPUTE_HOST') hostReportLog.note(report, acceptance.kind)
    const isBegun = report.type === 'VM' && acceptance.kind === 'accepted'
    const begun = isBegun ? begunBy(acceptance, observations) : undefined
    return { kind: 'stored', delivery, begun }
  } catch (error) {
    // Our own errors say that the store is not available; all others are about this fault.
    const isRefused = !isCoded(error)
    return { kind: 'not-stored', delivery, reason: describeError(error), isRefused }
  }
}

const begunBy = (
  { notification, host, control, commandCount }: UnfinishedRecovery,
  observations: HostObservations,
): BegunRecovery => ({
  recovery: { notification, host, control, commandCount },
  observations: observations.of(notification.sourceHost),
})
