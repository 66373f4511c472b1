/**
 * The leader's ears: what follows from each message that comes over the bus. Faults are stored in the order in which they come, and
 * those that wait are stored together; the bus bounds how many wait here, and holds the others back. Pure.
 */
import { hostName, notificationId, type NotificationId } from '../../schema/ids.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import { traceIdIn } from '../../schema/messages/envelope.ts'
import type { HostFailed, InstanceFailed } from '../../schema/messages/incident.ts'
import type { GuestFailed, HostObserved } from '../../schema/messages/observation.ts'
import { rebuiltInstance } from '../evacuator/compute-news.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type Step, type Tell } from '../kernel/behaviour.ts'
import type { FaultDelivery } from '../ports/bus.ts'
import type { Observation } from '../ports/observations.ts'
import type { NewNotification, UnfinishedRecovery } from '../ports/store.ts'
import { refOf } from '../registry.ts'

export type IntakeMessage =
  | { readonly type: 'intake.begin' }
  /** private: a registered observer spoke of a registered host */
  | {
      readonly type: 'intake.observed'
      readonly observed: HostObserved
      readonly trace: string | undefined
    }
  /** private: what else was decoded on the bus, but for faults */
  | { readonly type: 'intake.received'; readonly received: Received }
  | {
      readonly type: 'intake.fault-delivered' // private
      readonly delivery: FaultDelivery
      /** Undefined when it could not be decoded, and was parked. */
      readonly received: Received | undefined
    }
  /** private: what became of the faults that were to be stored, in their order */
  | { readonly type: 'intake.faults-handled'; readonly outcomes: readonly StoringOutcome[] }

export type StoringOutcome =
  | {
      readonly kind: 'stored'
      readonly delivery: FaultDelivery
      /** The new recovery of an instance; undefined for a host, and when no recovery was begun. */
      readonly begun: BegunRecovery | undefined
    }
  | {
      readonly kind: 'not-stored'
      readonly delivery: FaultDelivery
      readonly reason: string
      /** Whether the store works and refuses this fault: it may never take it. */
      readonly isRefused: boolean
    }

/** A recovery that was just stored. */
export interface BegunRecovery {
  readonly recovery: UnfinishedRecovery
  /** What is said of its host now. */
  readonly observations: readonly Observation[]
}

/** A fault as the store takes it. */
export type FaultReport = Pick<NewNotification, 'hostName' | 'payload' | 'uuid'> &
  (
    | {
        readonly type: 'VM'
        /** Undefined: the moment at which it is stored. */
        readonly generatedAt: number | undefined
      }
    | {
        readonly type: 'COMPUTE_HOST'
        readonly generatedAt: number
        /** The sender on Compute's bus. */
        readonly publisher: string
      }
  )

export interface DeliveredFault {
  readonly delivery: FaultDelivery
  readonly report: FaultReport
}

export interface IntakeState {
  readonly kind: 'listening'
  /** Whether some are being stored. */
  readonly isStoring: boolean
  /** Those that wait. */
  readonly faults: readonly DeliveredFault[]
}

export type IntakeEffect =
  | { readonly type: 'bus.listen' }
  /** Kept, and told to the dedup window together with what others say of the host. */
  | {
      readonly type: 'observation.keep'
      readonly observed: HostObserved
      /** The trace id of the message, if it has one. */
      readonly trace: string | undefined
    }
  | { readonly type: 'news.spread'; readonly instance: string }
  | { readonly type: 'faults.store'; readonly faults: readonly DeliveredFault[] }
  /** It is done with: never deliver it again. */
  | { readonly type: 'fault.acknowledge'; readonly delivery: FaultDelivery }
  | {
      readonly type: 'fault.hand-back'
      readonly delivery: FaultDelivery
      readonly afterMs: number
      readonly reason: string
    }
  /** Put where an operator sees it, and not delivered again. */
  | { readonly type: 'fault.park'; readonly delivery: FaultDelivery; readonly reason: string }

type IntakeStep = Step<IntakeState, IntakeEffect | Tell>

/** Pause before the bus hands out a fault again that could not be stored, ms: a short outage of the store is over by then. */
const REDELIVER_MS = 1000

/** A fault that the working store has refused so often is poison: it is parked. */
const REFUSALS_MAX = 5

/** The most faults that are stored together. */
const STORED_TOGETHER_MAX = 32

/** Where everybody begins. */
export const LISTENING: IntakeState = { kind: 'listening', isStoring: false, faults: [] }

export function intake(state: IntakeState, message: IntakeMessage): IntakeStep {
  switch (message.type) {
    case 'intake.begin':
      return [state, [{ type: 'bus.listen' }]]
    case 'intake.observed': {
      const { observed, trace } = message
      return [state, [{ type: 'observation.keep', observed, trace }]]
    }
    case 'intake.received':
      return [state, followsFrom(message.received)]
    case 'intake.fault-delivered':
      return onDelivered(state, message)
    case 'intake.faults-handled': {
      const { outcomes } = message
      return storeNext(state, [...outcomes.map(followsFromOutcome), ...newsOf(outcomes)])
    }
    default:
      return assertNever(message)
  }
}

function followsFrom(received: Received): readonly (IntakeEffect | Tell)[] {
  if (received.type === 'operator.commanded') return [tellWindow('window.commanded')]
  if (received.type !== 'compute.event') return []
  const instance = rebuiltInstance(received.body)
  return instance === undefined ? [] : [{ type: 'news.spread', instance }]
}

/** What is no fault is done with: it would be none the next time either. */
function onDelivered(
  state: IntakeState,
  { delivery, received }: IntakeMessage & { readonly type: 'intake.fault-delivered' },
): IntakeStep {
  if (received === undefined) return [state, [acknowledge(delivery)]]
  const report = reportOf(received)
  if (report === undefined) return [state, [acknowledge(delivery), tellWindow('window.notified')]]
  const next = { ...state, faults: [...state.faults, { delivery, report }] }
  return state.isStoring ? [next, []] : storeNext(next, [])
}

function followsFromOutcome(outcome: StoringOutcome): IntakeEffect {
  const { delivery } = outcome
  if (outcome.kind === 'stored') return acknowledge(delivery)
  const { reason, isRefused } = outcome
  return isRefused && delivery.deliveries >= REFUSALS_MAX
    ? { type: 'fault.park', delivery, reason }
    : { type: 'fault.hand-back', delivery, afterMs: REDELIVER_MS, reason }
}

/** What is already known of new recoveries is told, and what else was stored is looked for. */
function newsOf(outcomes: readonly StoringOutcome[]): readonly Tell[] {
  const stored = outcomes.filter((outcome) => outcome.kind === 'stored')
  const begun = stored.flatMap((outcome) => outcome.begun ?? [])
  return [
    ...(begun.length > 0 ? [tell(WINDOW, { type: 'window.began', begun })] : []),
    ...(begun.length < stored.length ? [tellWindow('window.notified')] : []),
  ]
}

/** Those that were being stored are done with, and those that wait have their turn. */
function storeNext(state: IntakeState, effects: readonly (IntakeEffect | Tell)[]): IntakeStep {
  const faults = state.faults.slice(0, STORED_TOGETHER_MAX)
  const isStoring = faults.length > 0
  const next = { ...state, isStoring, faults: state.faults.slice(faults.length) }
  return [next, isStoring ? [...effects, { type: 'faults.store', faults }] : effects]
}

/** Undefined for a message that is no fault. */
function reportOf(received: Received): FaultReport | undefined {
  const uuid = uuidOf(received.trace)
  if (received.type === 'guest.failed') return guestReport(received.body, uuid)
  if (received.type === 'instance.failed') return instanceReport(received.body, uuid)
  return received.type === 'host.failed' ? hostReport(received.body, uuid) : undefined
}

/** The trace of a reported fault becomes that of its recovery (decision 0058). Undefined: the sender is of an earlier version. */
function uuidOf(trace: string | null): NotificationId | undefined {
  const hex = traceIdIn(trace)
  return hex === undefined
    ? undefined
    : notificationId(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
}

const guestReport = (fault: GuestFailed, uuid: NotificationId | undefined): FaultReport => ({
  type: 'VM',
  uuid,
  hostName: hostName(fault.hostName),
  generatedAt: undefined,
  payload: {
    instance_uuid: fault.instance,
    event: fault.event,
    vir_domain_event: fault.domainEvent,
  },
})

/** Like an alert about an instance. */
const instanceReport = (fault: InstanceFailed, uuid: NotificationId | undefined): FaultReport => ({
  type: 'VM',
  uuid,
  hostName: hostName(fault.hostName),
  generatedAt: fault.occurredAt,
  payload: {
    instance_uuid: fault.instance,
    event: 'LIFECYCLE',
    vir_domain_event: 'STOPPED_FAILED',
  },
})

/**
 * The report equals that of a client without a cluster: its sender fences nothing, and the leader
 * looks at the host before it acts.
 */
const hostReport = (fault: HostFailed, uuid: NotificationId | undefined): FaultReport => ({
  type: 'COMPUTE_HOST',
  uuid,
  hostName: hostName(fault.hostName),
  generatedAt: fault.occurredAt,
  publisher: fault.publisher,
  payload: { event: 'STOPPED', host_status: 'NORMAL' },
})

const acknowledge = (delivery: FaultDelivery): IntakeEffect => ({
  type: 'fault.acknowledge',
  delivery,
})

const WINDOW = refOf('dedup-window', 'leader')

/** Something was stored: the window looks now instead of at its next turn. */
const tellWindow = (type: 'window.notified' | 'window.commanded'): Tell => tell(WINDOW, { type })
