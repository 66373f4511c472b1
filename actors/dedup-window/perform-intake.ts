/** Listens to the bus for the intake, and carries out what follows from what is heard. */
import { describeError } from '../../schema/errors.ts'
import { subjectOf } from '../../schema/messages/codec.ts'
import { NEWS_TOPICS, type ComputeNews } from '../evacuator/compute-news.ts'
import { HOST_BEATS_TOPIC, type HostBeats } from '../verification/host-beats.ts'
import { GUEST_LISTS_TOPIC, type GuestLists } from '../guest-follower/guest-lists.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import type { BusMessage } from '../ports/bus.ts'
import { sleep } from '../ports/clock.ts'
import type { RosterStore } from '../ports/roster-store.ts'
import type { NotificationStore } from '../ports/store.ts'
import type { HostObservations } from '../verification/host-observations.ts'
import { HostReportLog } from './host-report-log.ts'
import {
  intake,
  LISTENING,
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
  return define<IntakeState, IntakeMessage, IntakeEffect>({
    initial: LISTENING,
    behaviour: intake,
    first: { type: 'intake.begin' },
    policy: SUPERVISION.intake,
    perform: (effect, signal) => performIntake({ ...world, hostReportLog }, effect, signal),
  })
}

interface PerformWorld extends IntakeWorld {
  readonly hostReportLog: HostReportLog
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
    case 'fault.store':
      return store(world, effect)
    case 'fault.acknowledge':
      effect.delivery.ack()
      return undefined
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
async function listen(world: IntakeWorld, signal: AbortSignal): Promise<undefined> {
  const { bus, cloud } = world
  const parking = new Parking(world)
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
    bus.subscribe(subjectOf(cloud, 'observation', 'host', '>'), (message) => {
      const received = parking.decode(message)
      if (received?.type !== 'host.observed') return
      const observed = world.roster.admit(received.body)
      if (observed !== undefined) tell({ type: 'intake.observed', observed })
      // It may have been registered since the roster was read. What strangers say takes no room in the mailbox.
      else keeper.expedite()
    }),
  )
  open.use(bus.subscribe(subjectOf(cloud, 'operator', '>'), hear))
  open.use(
    bus.subscribe(subjectOf(cloud, ...GUEST_LISTS_TOPIC), (message) =>
      world.guestLists.note(message, world.clock.monotonicMs()),
    ),
  )
  open.use(
    bus.subscribe(subjectOf(cloud, ...HOST_BEATS_TOPIC), (message) =>
      world.hostBeats.note(message, world.clock.monotonicMs()),
    ),
  )
  for (const topic of NEWS_TOPICS) open.use(bus.subscribe(subjectOf(cloud, ...topic), hear))
  open.use(
    bus.consumeFaults('engine', (delivery) =>
      tell({ type: 'intake.fault-delivered', delivery, received: parking.decode(delivery) }),
    ),
  )
  const aborted = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => aborted.resolve(), { once: true })
  const kept = Promise.all([keeper.keep(signal), world.keepDomains(signal)])
  await Promise.race([kept, aborted.promise])
  return undefined
}

function keep(
  world: IntakeWorld,
  { observed }: IntakeEffect & { readonly type: 'observation.keep' },
): undefined {
  world.observations.note(observed.host, observed)
  const observations = world.observations.of(observed.host)
  const atMs = world.clock.monotonicMs()
  world.tellWindow({ type: 'window.observed', observed, observations, atMs })
}

/**
 * After each fault others have their turn: a store in this process answers at once, so that thousands in a row would keep the fault
 * of a host from the store, and timers from the lease.
 */
async function store(
  world: PerformWorld,
  { delivery, report }: IntakeEffect & { readonly type: 'fault.store' },
): Promise<IntakeMessage> {
  const { clock, duplicateWindowMs } = world
  const { type, hostName, payload, generatedAt = clock.wallMs() } = report
  const stored = { type, hostName, payload, generatedAt, duplicateWindowMs }
  const outcome = await world.store.acceptNotification(stored).then(
    ({ kind }): IntakeMessage => {
      if (report.type === 'COMPUTE_HOST') world.hostReportLog.note(report, kind)
      return { type: 'intake.fault-stored', delivery }
    },
    (error: unknown): IntakeMessage => {
      return { type: 'intake.fault-not-stored', delivery, reason: describeError(error) }
    },
  )
  await sleep(clock, 0)
  return outcome
}
