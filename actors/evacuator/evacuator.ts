/**
 * Restarts the instances of one dead host elsewhere: isolate, survey, plan, move, and survey again until none is left. Pure.
 *
 * | state                          | message                         | next state | when                                                          |
 * | ------------------------------ | ------------------------------- | ---------- | ------------------------------------------------------------- |
 * | isolating, blocked             | evacuator.begin                 | isolating  |                                                               |
 * | isolating, blocked             | evacuator.begin                 | surveying  | nothing new may be begun: it only follows what is in flight   |
 * | isolating                      | evacuator.isolated              | surveying  |                                                               |
 * | surveying                      | evacuator.surveyed              | planning   |                                                               |
 * | planning                       | evacuator.planned               | moving     | some move has not ended                                       |
 * | planning                       | evacuator.planned               | finished   | every move has ended                                          |
 * | moving                         | move.settled                    | surveying  | every move has ended, and none has failed                     |
 * | moving                         | move.settled                    | finished   | every move has ended, and one has failed                      |
 * | moving                         | evacuator.forbid                | finished   | nothing is in flight                                          |
 * | moving                         | move.settled, move.was-put-back | finished   | nothing new may be begun, and this was the last one in flight |
 * | moving                         | move.refused                    | finished   | nothing new may be begun, and this was the last one in flight |
 * | moving                         | move.blocked, move.forbidden    | finished   | nothing new may be begun, and this was the last one in flight |
 * | isolating, surveying, planning | evacuator.blocked               | blocked    | Compute is away, or the host may live                         |
 * | isolating, blocked             | evacuator.forbid                | finished   | the segment decides anew                                      |
 *
 * Every other message leaves the evacuator in its state. What happens to one move is in `move.ts`.
 */
import type { MoveId } from '../../schema/ids.ts'
import type { RecordedMove } from '../../schema/records.ts'
import { tell } from '../kernel/behaviour.ts'
import { STAGES } from '../placement/stages.ts'
import { targetsOf } from '../placement/targets.ts'
import type {
  EvacuationOrder,
  EvacuatorEffect,
  EvacuatorMessage,
  EvacuatorRules,
  EvacuatorState,
  EvacuatorStep,
  Moving,
  MovingMessage,
  MovingStep,
  Survey,
} from './evacuator-messages.ts'
import { recordIdsOf } from './apply-records.ts'
import { finished, forbidden, room } from './evacuator-reply.ts'
import { trackOf, type MoveTrack } from './move-track.ts'
import { awaitNews, onMovingMessage } from './moving.ts'
import { Assignment, changedHosts, withoutPauses, type Places } from './places.ts'
import { moveOn, noteInFlight, scheduleMoves, unused, withdraw } from './schedule-moves.ts'
import { planOf, selectInstances } from './selection.ts'

/** The order of an evacuation, and its rules. */
interface EvacuationTask {
  readonly order: EvacuationOrder
  readonly rules: EvacuatorRules
}

export const evacuator = (order: EvacuationOrder, given: EvacuatorRules) => {
  // Attempts are counted over all runs, so the limit grows with each run.
  const rules = { ...given, attemptsMax: given.attemptsMax * order.run }
  const evacuation: EvacuationTask = { order, rules }
  return (state: EvacuatorState, message: EvacuatorMessage): EvacuatorStep => {
    switch (message.type) {
      case 'evacuator.begin':
        return onBegin(order, state)
      case 'evacuator.isolated':
        return state.kind === 'isolating'
          ? [{ kind: 'surveying' }, [{ type: 'compute.survey', isEmptied: false }]]
          : [state, []]
      case 'evacuator.surveyed':
        return onSurveyed(evacuation, state, message.survey)
      case 'evacuator.survey-due':
      case 'evacuator.surveyed-again':
      case 'evacuator.not-surveyed-again':
        return state.kind === 'moving' ? onSurveyAgain(evacuation, state, message) : [state, []]
      case 'evacuator.others-booked':
        return onOthersBooked(evacuation, state, message)
      case 'evacuator.planned':
        return onPlanned(evacuation, state, message.moves)
      case 'evacuator.blocked':
        return onBlocked(evacuation, state, message.reason)
      case 'evacuator.forbid':
        return onForbid(evacuation, state, message.reason)
      default:
        return state.kind === 'moving'
          ? onMoving(evacuation, state, message)
          : [state, message.type === 'limiter.allowed' ? unusedOf(message) : []]
    }
  }
}

function onBegin({ forbidden }: EvacuationOrder, state: EvacuatorState): EvacuatorStep {
  if (state.kind !== 'isolating' && state.kind !== 'blocked') return [state, []]
  return forbidden === null
    ? [{ kind: 'isolating' }, [{ type: 'compute.isolate' }]]
    : [{ kind: 'surveying' }, [{ type: 'compute.survey', isEmptied: false }]]
}

/** Returns requests to the limiter that it allowed too late to be used. */
const unusedOf = ({ requests }: MovingMessage & { readonly type: 'limiter.allowed' }) =>
  unused(requests.map(({ move }) => move))

function onSurveyed(
  { order, rules }: EvacuationTask,
  state: EvacuatorState,
  survey: Survey,
): EvacuatorStep {
  if (state.kind !== 'surveying') return [state, []]
  const following = order.forbidden !== null
  const selected = following ? [] : selectInstances(survey.instances, rules, survey.disks)
  const moves = selected.map((each) => planOf(each, survey))
  return [{ kind: 'planning', survey }, [{ type: 'moves.plan', moves }, { type: 'bookings.watch' }]]
}

function onPlanned(
  evacuation: EvacuationTask,
  state: EvacuatorState,
  rows: readonly RecordedMove[],
): EvacuatorStep {
  if (state.kind !== 'planning') return [state, []]
  const { order, rules } = evacuation
  const { survey } = state
  const begun: Moving = {
    kind: 'moving',
    begunAtMs: survey.atMs,
    tracks: tracksOf(rows, survey, rules),
    places: placesIn(evacuation, survey),
    records: survey.evacuations,
    requests: [],
    overdueTargets: [],
    listHost: 'no',
    polls: 0,
    fruitlessPolls: 0,
    poll: { kind: 'none', news: false },
    forbidden: order.forbidden,
    surveyPending: false,
    room: 'there',
  }
  // A request of an earlier run or leader may be in flight. It is adopted, not sent a second time.
  const adopted = adoptInFlight(rules, begun, survey.atMs)
  const [next, effects] = noteInFlight(undefined, scheduleMoves(rules, adopted, survey.atMs))
  const lines = unsuitable(begun)
  const noted: EvacuatorEffect[] = lines.length === 0 ? [] : [{ type: 'note.unsuitable', lines }]
  const [last, more] = finishOr(evacuation, [next, [...effects, awaitNews(begun)]])
  return [last, [...noted, ...more]]
}

function tracksOf(
  rows: readonly RecordedMove[],
  { instances, evacuations, atMs: nowMs }: Survey,
  rules: EvacuatorRules,
): ReadonlyMap<MoveId, MoveTrack> {
  const here = new Map(instances.map((instance) => [instance.id, instance]))
  return new Map(
    rows.map((row) => {
      const shown = here.get(row.instance)
      const olderRecords = recordIdsOf(evacuations, row.instance)
      return [row.uuid, trackOf(row, { shown, olderRecords, nowMs, rules })]
    }),
  )
}

/** Adopts every request that is already in flight. */
function adoptInFlight(rules: EvacuatorRules, state: Moving, atMs: number): Moving {
  let next = state
  for (const track of state.tracks.values()) {
    ;[next] = moveOn(rules, next, track, { type: 'records.surveyed', atMs })
  }
  return next
}

/** One line for all instances that the same hosts cannot take for the same reason. */
function unsuitable({ places, tracks }: Moving): readonly string[] {
  const assignment = new Assignment(places, tracks.values(), 0)
  const open = [...tracks.values()].filter(({ phase }) => phase.kind === 'pending')
  const byReason = Map.groupBy(open, (track) => assignment.explain(track))
  return [...byReason].flatMap(([reason, all]) =>
    reason === '' ? [] : [`${all.map(({ instanceName }) => instanceName).join(', ')}: ${reason}`],
  )
}

/** The targets that the instances may go to, from a survey. */
function placesIn({ order, rules }: EvacuationTask, survey: Survey): Places {
  const { host: failed, notification: recovery } = order
  const targets = targetsOf({ ...survey, failed, recovery, placement: rules.placement })
  const { takenByOthers, demands } = survey
  return {
    stages: STAGES[survey.method],
    targets,
    uncounted: new Set<MoveId>(),
    takenByOthers,
    demands,
  }
}

type OfSurveyAgain = Extract<
  EvacuatorMessage,
  {
    readonly type:
      'evacuator.survey-due' | 'evacuator.surveyed-again' | 'evacuator.not-surveyed-again'
  }
>

/** An answer counts only for those who asked: moves that had ended before knew other places. */
function onSurveyAgain(
  evacuation: EvacuationTask,
  state: Moving,
  message: OfSurveyAgain,
): EvacuatorStep {
  const { begunAtMs } = state
  if (message.type === 'evacuator.survey-due') {
    return [state, [{ type: 'compute.survey-again', begunAtMs }]]
  }
  if (message.begunAtMs !== begunAtMs) return [state, []]
  if (message.type === 'evacuator.surveyed-again') {
    return onSurveyedAgain(evacuation, state, message.survey)
  }
  const [next, effects] = finishOr(evacuation, [{ ...state, surveyPending: false }, []])
  return [next, [{ type: 'note.blocked', reason: message.reason }, ...effects]]
}

/**
 * Schedules the moves again after a new survey, while some instances wait for capacity. A move that
 * is being requested now may not be counted in the survey yet.
 */
function onSurveyedAgain(evacuation: EvacuationTask, state: Moving, survey: Survey): EvacuatorStep {
  const uncounted = [...state.places.uncounted].filter(
    (move) => state.tracks.get(move)?.phase.kind === 'requesting',
  )
  const places = { ...placesIn(evacuation, survey), uncounted: new Set(uncounted) }
  const here = new Map(survey.instances.map((instance) => [instance.id, instance]))
  const shown = new Map(
    [...state.tracks].map(([move, track]) => [move, { ...track, shown: here.get(track.instance) }]),
  )
  const next: Moving = {
    ...state,
    places,
    records: survey.evacuations,
    tracks: withoutPauses(shown, changedHosts(state.places, places), survey.atMs),
    surveyPending: false,
  }
  return goOn(evacuation, state, adoptInFlight(evacuation.rules, next, survey.atMs), survey.atMs)
}

/** Schedules the moves again after something has changed. */
function goOn(
  evacuation: EvacuationTask,
  before: Moving,
  state: Moving,
  atMs: number,
): EvacuatorStep {
  return finishOr(evacuation, noteInFlight(before, scheduleMoves(evacuation.rules, state, atMs)))
}

/** Another recovery has requested evacuations to hosts that we use, or has ended some. */
function onOthersBooked(
  evacuation: EvacuationTask,
  state: EvacuatorState,
  { takenByOthers, atMs }: EvacuatorMessage & { readonly type: 'evacuator.others-booked' },
): EvacuatorStep {
  const watch = { type: 'bookings.watch' } as const
  if (state.kind === 'planning') {
    return [{ ...state, survey: { ...state.survey, takenByOthers } }, [watch]]
  }
  if (state.kind !== 'moving') return [state, []]
  const places = { ...state.places, takenByOthers }
  const [next, effects] = goOn(evacuation, state, { ...state, places }, atMs)
  return [next, [...effects, watch]]
}

function onMoving(
  evacuation: EvacuationTask,
  state: Moving,
  message: MovingMessage,
): EvacuatorStep {
  const moved = onMovingMessage(evacuation.rules, state, message)
  return finishOr(evacuation, noteInFlight(state, moved))
}

/**
 * When every move has ended and something was moved, surveys the host once more: Nova may show an
 * instance there that it did not show before.
 */
function finishOr(evacuation: EvacuationTask, [state, effects]: MovingStep): EvacuatorStep {
  const { order } = evacuation
  const tracks = [...state.tracks.values()]
  if (state.forbidden !== null) {
    if (tracks.some(isGoingOn)) return [state, effects]
    return [
      { kind: 'finished' },
      [...effects, tell(order.replyTo, forbidden(order, state.forbidden))],
    ]
  }
  if (tracks.some(({ phase }) => phase.kind !== 'ended')) {
    return awaitRoom(evacuation, state, effects)
  }
  const reply = finished(order, tracks)
  if (state.polls > 0 && tracks.length > 0 && reply.failed === 0) {
    return [{ kind: 'surveying' }, [...effects, { type: 'compute.survey', isEmptied: true }]]
  }
  return [{ kind: 'finished' }, [...effects, tell(order.replyTo, reply)]]
}

/** Whether the move still has something to do when nothing new may be begun. */
const isGoingOn = ({ phase }: MoveTrack): boolean =>
  !['pending', 'unplaced', 'ended'].includes(phase.kind)

/**
 * While a move waits for capacity, the host and its segment are surveyed from time to time. The
 * segment is told when all open moves wait.
 */
function awaitRoom(
  { order, rules: { capacityRecheckMs } }: EvacuationTask,
  state: Moving,
  effects: EvacuatorStep[1],
): EvacuatorStep {
  const open = [...state.tracks.values()].filter(({ phase }) => phase.kind !== 'ended')
  const now = open.every(isUnplaced) ? 'awaited' : 'there'
  const said = now === state.room ? [] : [tell(order.replyTo, room(order, now))]
  const next: Moving = { ...state, room: now }
  if (state.surveyPending || !open.some(isUnplaced)) return [next, [...effects, ...said]]
  const message = { type: 'evacuator.survey-due' } as const
  const inDoubt = state.places.takenByOthers.size > 0
  const afterMs = inDoubt ? Math.min(DOUBT_MS, capacityRecheckMs) : capacityRecheckMs
  const timer = { type: 'timer.start', name: 'survey', afterMs, message } as const
  return [{ ...next, surveyPending: true }, [...effects, ...said, timer]]
}

/**
 * The pause before the next survey while other recoveries have booked capacity, ms. Placement shows
 * their claims soon, or they release them.
 */
const DOUBT_MS = 3000

const isUnplaced = ({ phase }: MoveTrack): boolean => phase.kind === 'unplaced'

/**
 * Moves in flight go on; the segment decides about the others. Before there are moves, the
 * evacuator goes on, and the store refuses its next step.
 */
function onForbid(
  evacuation: EvacuationTask,
  state: EvacuatorState,
  reason: string,
): EvacuatorStep {
  if (state.kind === 'moving') {
    return finishOr(evacuation, withdraw({ ...state, forbidden: reason }))
  }
  const { order } = evacuation
  return state.kind === 'blocked' || state.kind === 'isolating'
    ? [{ kind: 'finished' }, [tell(order.replyTo, forbidden(order, reason))]]
    : [state, []]
}

/**
 * Compute does not answer, or the host may be alive: nothing changes, and the evacuator tries again
 * later.
 */
function onBlocked(
  evacuation: EvacuationTask,
  state: EvacuatorState,
  reason: string,
): EvacuatorStep {
  if (state.kind === 'finished' || state.kind === 'moving') return [state, []]
  const noted: EvacuatorEffect = { type: 'note.blocked', reason }
  const { blockedRetryMs: afterMs } = evacuation.rules
  const message = { type: 'evacuator.begin' } as const
  return [
    { kind: 'blocked', reason },
    [noted, { type: 'timer.start', name: 'again', afterMs, message }],
  ]
}
