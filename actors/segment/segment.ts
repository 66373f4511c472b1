/**
 * Gives the recoveries of one failover segment their turns: a host is decided alone and before instance and service faults; of those,
 * few that are about different subjects are decided and handled at the same time (decision 0063). Pure.
 */
import { notificationId, type HostId, type NotificationId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, tell, type Definition } from '../kernel/behaviour.ts'
import { queued, taken } from '../kernel/fifo.ts'
import { SUPERVISION } from '../supervision.ts'
import { withEntry, withoutEntry } from '../kernel/with-entry.ts'
import type { RecoveryOrder, Turn } from '../recovery/recovery-messages.ts'
import { isInstanceOrServiceFault, type RecoverySummary } from '../recovery/summary.ts'
import { refOf, startChild, stopChild } from '../registry.ts'
import {
  SERVING,
  type Entry,
  type SegmentEffects,
  type SegmentIdentity,
  type SegmentMessage,
  type SegmentState,
  type SegmentStep,
} from './segment-messages.ts'

/**
 * How many instance and service faults are handled at the same time. More would only make the store and Nova
 * slow for the recoveries of hosts.
 */
export const INSTANCE_AND_SERVICE_AT_ONCE = 16

/** The actor that gives turns in one segment, with one epoch. */
export function defineSegment(identity: SegmentIdentity): Definition<SegmentMessage> {
  return define<SegmentState, SegmentMessage, never>({
    initial: SERVING,
    behaviour: segment(identity),
    first: { type: 'segment.begin' },
    policy: SUPERVISION.segment,
    childGivenUp: ({ name }) => ({
      type: 'segment.recovery-given-up',
      notification: notificationId(name),
    }),
    perform: () => undefined,
  })
}

export const segment =
  (identity: SegmentIdentity) =>
  (state: SegmentState, message: SegmentMessage): SegmentStep => {
    switch (message.type) {
      case 'segment.begin':
        return [state, []]
      case 'segment.recover':
        return onRecover(identity, state, message)
      case 'segment.host-alive':
        return onHostAlive(identity, state, message)
      case 'segment.informed':
        return onInformed(identity, state, message)
      case 'segment.ended':
        return onEnded(identity, state, message.notification)
      case 'segment.recovery-given-up':
        return onGivenUp(identity, state, message.notification)
      default:
        return assertNever(message)
    }
  }

const recoveryOf = (id: NotificationId) => refOf('recovery', id)

const isBelowHost = ({ unfinished }: Entry): boolean => isInstanceOrServiceFault(unfinished)

const isWaiting = ({ kind }: RecoverySummary): boolean => kind === 'held' || kind === 'pausing'

const QUEUED: RecoverySummary = { kind: 'queued', actsOnHost: false, instance: null, behind: null }

function onRecover(
  identity: SegmentIdentity,
  state: SegmentState,
  { unfinished, evidence, objection }: SegmentMessage & { readonly type: 'segment.recover' },
): SegmentStep {
  const { uuid } = unfinished.notification
  const { control, commandCount } = unfinished
  const known = state.recoveries.get(uuid)
  // A recovery that is being concluded needs no further message, and may stop before it could read
  // one.
  if (known?.summary.kind === 'concluding') return [state, []]
  if (known?.isStarted === true) {
    return [state, [tell(recoveryOf(uuid), { type: 'recovery.heard', control, commandCount })]]
  }
  if (known !== undefined) return [withRecovery(state, uuid, { ...known, unfinished }), []]
  const entry: Entry = { unfinished, evidence, isStarted: false, summary: QUEUED }
  return objection === null
    ? nextTurn(identity, withRecovery(state, uuid, entry), [])
    : callOff(identity, state, entry, objection)
}

/** Starts a recovery only to end it. */
function callOff(
  identity: SegmentIdentity,
  state: SegmentState,
  entry: Entry,
  objection: string,
): SegmentStep {
  const summary = { ...QUEUED, kind: 'concluding' } as const
  const ending = { ...entry, isStarted: true, summary }
  const { uuid } = entry.unfinished.notification
  return [withRecovery(state, uuid, ending), [start(identity, entry, objection)]]
}

/** A host that is no longer registered has no name. Its recovery is only concluded. */
const UNKNOWN_HOST = 'unregistered' as RecoveryOrder['hostName']

function start(
  identity: SegmentIdentity,
  { unfinished, evidence }: Entry,
  objection: string | null,
): SegmentEffects[number] {
  const { notification, host, control, commandCount } = unfinished
  const hostName = host?.name ?? UNKNOWN_HOST
  const said = { control, commandCount, objection }
  const order: RecoveryOrder = { ...identity, notification, hostName, evidence, ...said }
  return startChild('recovery', notification.uuid, order)
}

/** Every recovery of the host is told. A new one that waits for its first turn is called off. */
function onHostAlive(
  identity: SegmentIdentity,
  state: SegmentState,
  { host, reason }: SegmentMessage & { readonly type: 'segment.host-alive' },
): SegmentStep {
  let next = state
  const effects: SegmentEffects[number][] = []
  for (const entry of busyOnes(state)) {
    const { uuid, sourceHost, status } = entry.unfinished.notification
    if (sourceHost !== host || isBelowHost(entry)) continue
    if (entry.isStarted) {
      effects.push(tell(recoveryOf(uuid), { type: 'recovery.host-alive', reason }))
    } else if (status === 'new') {
      const [after, more] = callOff(identity, next, entry, reason)
      next = after
      effects.push(...more)
    }
  }
  return [next, effects]
}

function onInformed(
  identity: SegmentIdentity,
  before: SegmentState,
  { notification: id, summary }: SegmentMessage & { readonly type: 'segment.informed' },
): SegmentStep {
  const entry = before.recoveries.get(id)
  if (entry === undefined) return [before, []]
  const state = withRecovery(before, id, { ...entry, summary })
  // The recovery was just started, or restarted after a crash.
  const hasTurn = before.turns.has(id)
  if (hasTurn && summary.kind === 'queued') return [state, [giveTurn(state, id)]]
  const isOver = summary.kind !== 'deciding' && summary.kind !== 'admitting'
  const next = isOver ? withoutTurn(state, id) : state
  return nextTurn(identity, next, [
    ...(beginsActing(entry, summary)
      ? standAside(next, entry.unfinished.notification.sourceHost)
      : []),
    ...(isBehindNobody(next, summary)
      ? [tell(recoveryOf(id), { type: 'recovery.behind-nobody' })]
      : []),
  ])
}

/**
 * Whether this recovery begins to act on its host, so that the host is about to be fenced or is
 * certainly dead.
 */
const beginsActing = (entry: Entry, { kind }: RecoverySummary): boolean =>
  !isBelowHost(entry) &&
  kind !== entry.summary.kind &&
  (kind === 'fencing' || kind === 'evacuating')

/** Whether it waits for a recovery that is not in this segment. */
const isBehindNobody = ({ recoveries }: SegmentState, { behind }: RecoverySummary): boolean =>
  behind !== null && !recoveries.has(behind)

/** Makes instance and service faults of the host be decided again. */
const standAside = ({ recoveries }: SegmentState, host: HostId): SegmentEffects =>
  [...recoveries.values()]
    .filter((entry) => entry.unfinished.notification.sourceHost === host)
    .filter((entry) => isBelowHost(entry) && entry.isStarted)
    .map(({ unfinished }) =>
      tell(recoveryOf(unfinished.notification.uuid), { type: 'recovery.stand-aside' }),
    )

/** Makes instance and service faults that waited for the end of a host's recovery be decided again. */
function onEnded(identity: SegmentIdentity, state: SegmentState, id: NotificationId): SegmentStep {
  const gone = state.recoveries.get(id)
  if (gone === undefined) return [state, []]
  const next: SegmentState = {
    ...withoutTurn(state, id),
    recoveries: withoutEntry(state.recoveries, id),
    busy: withMember(state.busy, id, false),
  }
  const behind = isBelowHost(gone)
    ? []
    : [...next.recoveries].filter(([, { summary }]) => summary.behind === id)
  return nextTurn(identity, next, [
    stopChild('recovery', id),
    ...behind.map(([other]) => tell(recoveryOf(other), { type: 'recovery.release' })),
  ])
}

/**
 * The others get their turns meanwhile. What it did to its host still counts, until it is tried
 * again and tells more.
 */
function onGivenUp(
  identity: SegmentIdentity,
  state: SegmentState,
  id: NotificationId,
): SegmentStep {
  const entry = state.recoveries.get(id)
  if (entry === undefined) return [state, []]
  const summary = { ...entry.summary, kind: 'pausing' } as const
  const next = withRecovery(state, id, { ...entry, summary })
  return nextTurn(identity, withoutTurn(next, id), [])
}

/**
 * Gives the next turns: first to the host that has waited longest, when nothing else is being decided or admitted; then to instance
 * and service faults, while no host is and none waits.
 */
function nextTurn(
  identity: SegmentIdentity,
  state: SegmentState,
  effects: SegmentEffects,
): SegmentStep {
  const turns = [...state.turns].flatMap((id) => state.recoveries.get(id) ?? [])
  if (!turns.every(isBelowHost)) return [state, effects]
  const busy = busyOnes(state)
  const host = busy.find((entry) => !isBelowHost(entry) && entry.summary.kind === 'queued')
  if (host !== undefined) {
    return turns.length === 0 ? grant(identity, state, host, effects) : [state, effects]
  }
  const handled = new Set([...busy.filter(isBelowHost), ...turns])
  if (handled.size >= INSTANCE_AND_SERVICE_AT_ONCE) return [state, effects]
  const [small, line] = firstQueued(state)
  if (small === undefined) return [{ ...state, line }, effects]
  // What is decided about the same subject comes first: then it is known.
  if (turns.some((other) => subjectOf(other) === subjectOf(small))) return [state, effects]
  const [next, more] = grant(identity, { ...state, line }, small, effects)
  return nextTurn(identity, next, more)
}

/** The instance of a fault, or its host when it is about none. */
const subjectOf = ({ unfinished: { notification } }: Entry): string =>
  notification.payload['instance_uuid'] ?? notification.sourceHost

const withoutTurn = (state: SegmentState, id: NotificationId): SegmentState => ({
  ...state,
  turns: withMember(state.turns, id, false),
})

function grant(
  identity: SegmentIdentity,
  state: SegmentState,
  entry: Entry,
  effects: SegmentEffects,
): SegmentStep {
  const { uuid } = entry.unfinished.notification
  const started = withRecovery(state, uuid, { ...entry, isStarted: true })
  const next = { ...started, turns: withMember(started.turns, uuid, true) }
  const turn = entry.isStarted ? giveTurn(next, uuid) : start(identity, entry, null)
  return [next, [...effects, turn]]
}

/** A turn contains what the other recoveries do. */
function giveTurn(state: SegmentState, id: NotificationId): SegmentEffects[number] {
  const others = busyOnes(state).filter(({ unfinished }) => unfinished.notification.uuid !== id)
  const turn: Turn = {
    inFlight: new Set(
      others.flatMap(({ unfinished, summary }) =>
        summary.actsOnHost ? [unfinished.notification.sourceHost] : [],
      ),
    ),
    recovering: new Map(
      others.flatMap(({ unfinished, summary }) =>
        summary.instance === null ? [] : [[summary.instance, unfinished.notification.uuid]],
      ),
    ),
    crowd: state.recoveries.size,
  }
  return tell(recoveryOf(id), { type: 'recovery.turn', ...turn })
}

function firstQueued({
  recoveries,
  line,
}: SegmentState): readonly [Entry | undefined, SegmentState['line']] {
  let rest = line
  for (let found = taken(rest); found !== undefined; found = taken(rest)) {
    rest = found[1]
    const entry = recoveries.get(found[0])
    if (entry?.summary.kind === 'queued') return [entry, rest]
  }
  return [undefined, rest]
}

const busyOnes = ({ recoveries, busy }: SegmentState): readonly Entry[] =>
  [...busy].flatMap((id) => recoveries.get(id) ?? [])

/** The state with this recovery in it. */
function withRecovery(state: SegmentState, id: NotificationId, entry: Entry): SegmentState {
  const before = state.recoveries.get(id)
  const { kind } = entry.summary
  const isNew = before?.summary.kind !== 'queued' && kind === 'queued'
  const isIdle = kind === 'queued' || isWaiting(entry.summary)
  return {
    ...state,
    recoveries: withEntry(state.recoveries, id, entry),
    line: isNew && isBelowHost(entry) ? queued(state.line, id) : state.line,
    busy: withMember(state.busy, id, !isBelowHost(entry) || !isIdle),
  }
}

function withMember<Member>(
  set: ReadonlySet<Member>,
  member: Member,
  belongs: boolean,
): ReadonlySet<Member> {
  if (set.has(member) === belongs) return set
  return new Set(belongs ? [...set, member] : [...set].filter((other) => other !== member))
}
