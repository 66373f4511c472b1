/** The leader's ears: decodes what comes over the bus, stores guest faults, and tells the dedup window. */
import { describeError } from '../../schema/errors.ts'
import { hostName } from '../../schema/ids.ts'
import { subjectOf } from '../../schema/messages/codec.ts'
import type { GuestFailed, HostObserved } from '../../schema/messages/observation.ts'
import { NEWS_TOPICS, rebuiltInstance, type ComputeNews } from '../evacuator/compute-news.ts'
import { define, type Definition, type Step } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import type { FaultDelivery } from '../ports/bus.ts'
import { sleep } from '../ports/clock.ts'
import type { RosterStore } from '../ports/roster-store.ts'
import type { NotificationStore } from '../ports/store.ts'
import type { DedupWindowMessage } from './window-state.ts'
import { FaultLine } from './fault-line.ts'
import { HostFaults } from './host-faults.ts'
import type { HostObservations } from '../verification/host-observations.ts'
import { Parking, type ParkingWorld } from './parking.ts'
import { RosterKeeper } from './roster-keeper.ts'
import type { Roster } from './roster.ts'

export type IntakeMessage = { readonly type: 'intake.begin' }
type IntakeState = { readonly kind: 'listening' }
type IntakeEffect = { readonly type: 'bus.listen' }

export interface IntakeWorld extends ParkingWorld {
  readonly store: NotificationStore & Pick<RosterStore, 'readRoster'>
  readonly duplicateWindowMs: number
  readonly sightings: HostObservations
  readonly roster: Roster
  readonly news: ComputeNews
  readonly tellWindow: (message: DedupWindowMessage) => void
}

/** The actor that listens to the bus while we lead. */
export function defineIntake(world: IntakeWorld): Definition<IntakeMessage> {
  return define<IntakeState, IntakeMessage, IntakeEffect>({
    initial: { kind: 'listening' },
    behaviour: (state): Step<IntakeState, IntakeEffect> => [state, [{ type: 'bus.listen' }]],
    first: { type: 'intake.begin' },
    policy: LEAF,
    perform: (_effect, signal) => listen(world, signal),
  })
}

/** Listens until the signal ends it. */
async function listen(world: IntakeWorld, signal: AbortSignal): Promise<undefined> {
  const { bus, cloud } = world
  const parking = new Parking(world)
  const keeper = new RosterKeeper(world, world.roster)
  const hostFaults = new HostFaults(world)
  const line = new FaultLine<FaultDelivery>(
    (delivery) => takeFault(world, parking, { delivery, hostFaults, signal }),
    () => sleep(world.clock, 0),
  )
  await using open = new AsyncDisposableStack()
  open.use(
    bus.subscribe(subjectOf(cloud, 'observation', 'host', '>'), (message) => {
      const received = parking.decode(message)
      if (received?.type === 'host.observed') onObserved(world, keeper, received.body)
    }),
  )
  open.use(
    bus.subscribe(subjectOf(cloud, 'word', '>'), (message) => {
      if (parking.decode(message)?.type === 'word.said') {
        world.tellWindow({ type: 'window.notified' })
      }
    }),
  )
  for (const topic of NEWS_TOPICS) {
    open.use(
      bus.subscribe(subjectOf(cloud, ...topic), (message) => {
        const received = parking.decode(message)
        if (received?.type !== 'compute.event') return
        const instance = rebuiltInstance(received.body)
        if (instance !== undefined) world.news.spread(instance)
      }),
    )
  }
  open.use(bus.consumeFaults('engine', (delivery) => void line.take(delivery)))
  const aborted = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => aborted.resolve(), { once: true })
  await Promise.race([keeper.keep(signal), aborted.promise])
  return undefined
}

/** What is said of strangers, or by them, is counted; the roster is read again, for they may have been registered since. */
function onObserved(world: IntakeWorld, keeper: RosterKeeper, said: HostObserved): void {
  const observed = world.roster.admit(said)
  if (observed === undefined) {
    keeper.hasten()
    return
  }
  world.sightings.note(observed.host, observed)
  world.tellWindow({ type: 'window.observed', observed, atMs: world.clock.monotonicMs() })
}

/** Pause before the bus hands out a fault again that could not be stored, ms: a short outage of the store is over by then. */
const REDELIVER_MS = 1000

interface FaultTaking {
  readonly delivery: FaultDelivery
  readonly hostFaults: HostFaults
  readonly signal: AbortSignal
}

async function takeFault(
  world: IntakeWorld,
  parking: Parking,
  { delivery, hostFaults, signal }: FaultTaking,
): Promise<void> {
  const received = parking.decode(delivery)
  try {
    if (received?.type === 'guest.failed') await storeGuestFault(world, received.body)
    if (received?.type === 'host.failed') await hostFaults.store(received.body)
  } catch (error) {
    world.log.warn({ subject: delivery.subject, error: describeError(error) }, 'fault not stored')
    if (!signal.aborted) delivery.retry(REDELIVER_MS)
    return
  }
  if (signal.aborted) return // the next leader gets it again
  delivery.ack()
  if (received !== undefined) world.tellWindow({ type: 'window.notified' })
}

async function storeGuestFault(world: IntakeWorld, fault: GuestFailed): Promise<void> {
  await world.store.acceptNotification({
    type: 'VM',
    hostName: hostName(fault.hostName),
    generatedAt: fault.occurredAt ?? world.clock.wallMs(),
    payload: {
      instance_uuid: fault.instance,
      event: fault.event,
      vir_domain_event: fault.domainEvent,
    },
    duplicateWindowMs: world.duplicateWindowMs,
  })
}
