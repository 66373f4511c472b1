/** The leader's ears: decodes what comes over the bus, stores guest faults, and tells the dedup window. */
import { describeError, isCoded } from '../../schema/errors.ts'
import { hostId, hostName } from '../../schema/ids.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import type { GuestFailed } from '../../schema/messages/observation.ts'
import { NEWS_TOPICS, rebuiltInstance, type ComputeNews } from '../evacuator/compute-news.ts'
import { define, type AnyDefinition, type Step } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import type { BusMessage, BusPort, FaultDelivery } from '../ports/bus.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LogPort } from '../ports/log.ts'
import type { NotificationStore } from '../ports/store.ts'
import type { DedupWindowMessage } from './dedup-window.ts'
import type { Sightings } from './sightings.ts'

type IntakeMessage = { readonly type: 'intake.begin' }
type IntakeState = { readonly kind: 'listening' }
type IntakeEffect = { readonly type: 'bus.listen' }

export interface IntakeWorld {
  readonly cloud: string
  readonly clock: ClockPort
  readonly bus: BusPort
  readonly log: LogPort
  readonly store: NotificationStore
  readonly duplicateWindowMs: number
  readonly sightings: Sightings
  readonly news: ComputeNews
  readonly tellWindow: (message: DedupWindowMessage) => void
  /** Counts a message that could not be decoded. */
  readonly countParked: () => void
}

/** The actor that listens to the bus while we lead. */
export function defineIntake(world: IntakeWorld): AnyDefinition {
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
  const observations = bus.subscribe(subjectOf(cloud, 'observation', 'host', '>'), (message) => {
    const received = decodeOrPark(world, message)
    if (received?.type !== 'host.observed') return
    const atMs = world.clock.monotonicMs()
    const { host, observer, state } = received.body
    world.sightings.note(hostId(host), observer, { state, heardAtMs: atMs })
    world.tellWindow({ type: 'window.observed', observed: received.body, atMs })
  })
  const words = bus.subscribe(subjectOf(cloud, 'word', '>'), (message) => {
    if (decodeOrPark(world, message)?.type === 'word.said') {
      world.tellWindow({ type: 'window.notified' })
    }
  })
  const news = NEWS_TOPICS.map((topic) =>
    bus.subscribe(subjectOf(cloud, ...topic), (message) => {
      const received = decodeOrPark(world, message)
      if (received?.type !== 'compute.event') return
      const instance = rebuiltInstance(received.body)
      if (instance !== undefined) world.news.spread(instance)
    }),
  )
  const faults = bus.consumeFaults('engine', (delivery) => {
    void takeFault(world, delivery, signal)
  })
  const aborted = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => aborted.resolve(), { once: true })
  await aborted.promise
  await faults[Symbol.asyncDispose]()
  for (const subscription of news) await subscription[Symbol.asyncDispose]()
  await words[Symbol.asyncDispose]()
  await observations[Symbol.asyncDispose]()
  return undefined
}

async function takeFault(
  world: IntakeWorld,
  delivery: FaultDelivery,
  signal: AbortSignal,
): Promise<void> {
  const received = decodeOrPark(world, delivery)
  try {
    if (received?.type === 'guest.failed') await storeGuestFault(world, received.body)
  } catch (error) {
    world.log.warn({ subject: delivery.subject, error: describeError(error) }, 'fault not stored')
    if (!signal.aborted) delivery.retry(1000)
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
    generatedAt: world.clock.wallMs(),
    payload: {
      instance_uuid: fault.instance,
      event: fault.event,
      vir_domain_event: fault.domainEvent,
    },
    duplicateWindowMs: world.duplicateWindowMs,
  })
}

/** What cannot be decoded goes to `ha.<cloud>.parked`, where an operator's tap sees it, and stops nothing. */
function decodeOrPark(world: IntakeWorld, message: BusMessage): Received | undefined {
  try {
    return decode(message.body)
  } catch (error) {
    if (!isCoded(error, 'MESSAGE_INVALID')) throw error
    world.log.warn({ subject: message.subject, error: describeError(error) }, 'message parked')
    world.countParked()
    world.bus.publish(subjectOf(world.cloud, 'parked', message.subject), message.body)
    return undefined
  }
}
