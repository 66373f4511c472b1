/** Restarts the instances of one dead host elsewhere: isolate, survey, plan, move, and look again until none is left. */
import type { MoveId } from '../../schema/ids.ts'
import type { RecordedMove } from '../../schema/records.ts'
import { NOTHING } from '../../schema/resources.ts'
import { tell } from '../kernel/behaviour.ts'
import { STAGES } from '../placement/stages.ts'
import { targetsOf } from '../placement/targets.ts'
import { adoptAll } from './adopting.ts'
import { awaitRoom } from './awaiting-room.ts'
import type {
  EvacuationOrder,
  EvacuatorEffect,
  EvacuatorMessage,
  EvacuatorRules,
  EvacuatorState,
  EvacuatorStep,
  MovingMessage,
  Survey,
} from './evacuator-messages.ts'
import { changedHosts, withoutPauses } from './changed-hosts.ts'
import type { Bid } from './fair-share.ts'
import { finished, forbidden, isGoingOn } from './evacuator-reply.ts'
import { trackOf, type MoveTrack } from './instance-move.ts'
import { awaitNews, onMovingMessage } from './moving.ts'
import type { Moving, MovingStep } from './moving-state.ts'
import { Assignment } from './places.ts'
import { planOf } from './plan.ts'
import { proceed, withdraw } from './proceeding.ts'
import { selectInstances } from './selection.ts'
import { accounted } from './under-way.ts'

export const evacuator =
  (order: EvacuationOrder, rules: EvacuatorRules) =>
  (state: EvacuatorState, message: EvacuatorMessage): EvacuatorStep => {
    switch (message.type) {
      case 'evacuator.begin':
        return order.forbidden === null
          ? [{ kind: 'isolating' }, [{ type: 'compute.isolate' }]]
          : [{ kind: 'surveying' }, [{ type: 'compute.survey' }]]
      case 'evacuator.isolated':
        return state.kind === 'isolating'
          ? [{ kind: 'surveying' }, [{ type: 'compute.survey' }]]
          : [state, []]
      case 'evacuator.surveyed':
        return state.kind === 'moving'
          ? onSurveyedAgain(order, rules, state, message.survey)
          : onSurveyed(order, rules, state, message.survey)
      case 'evacuator.look-due':
        return state.kind === 'moving' ? [state, [{ type: 'compute.survey-again' }]] : [state, []]
      case 'evacuator.others-booked':
        return onOthersBooked(order, rules, state, message)
      case 'evacuator.planned':
        return onPlanned(order, rules, state, message.moves)
      case 'evacuator.hindered':
        return onHindered(order, rules, state, message.reason)
      case 'evacuator.forbid':
        return onForbid(order, rules, state, message.reason)
      case 'pace.allowed':
        return state.kind === 'moving'
          ? onMoving(order, rules, state, message)
          : [state, [unused(message.bids)]]
      default:
        return state.kind === 'moving' ? onMoving(order, rules, state, message) : [state, []]
    }
  }

/** Leave that came too late to be used. */
const unused = (bids: readonly Bid[]): EvacuatorEffect => ({
  type: 'pace.note',
  underWay: [],
  over: bids.map(({ move }) => move),
})

function onSurveyed(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  state: EvacuatorState,
  survey: Survey,
): EvacuatorStep {
  if (state.kind !== 'surveying') return [state, []]
  const following = order.forbidden !== null
  const selected = following ? [] : selectInstances(survey.instances, rules, survey.disks)
  const moves = selected.map((each) => planOf(each, survey.touched))
  return [{ kind: 'planning', survey }, [{ type: 'moves.plan', moves }, { type: 'bookings.watch' }]]
}

function onPlanned(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  state: EvacuatorState,
  rows: readonly RecordedMove[],
): EvacuatorStep {
  if (state.kind !== 'planning') return [state, []]
  const { survey } = state
  const recordsOf = (row: RecordedMove): readonly string[] =>
    survey.evacuations.filter((record) => record.instance === row.instance).map(({ id }) => id)
  const needs = new Map(survey.instances.map((instance) => [instance.id, instance.needs]))
  const tracks = new Map<MoveId, MoveTrack>(
    rows.map((row) => {
      const olderRecords = recordsOf(row)
      const found = { needs: needs.get(row.instance) ?? NOTHING, olderRecords }
      const { retryIntervalMs } = rules
      return [row.uuid, trackOf(row, { ...found, nowMs: survey.atMs, retryIntervalMs })]
    }),
  )
  const startedAt = new Map(rows.map((row) => [row.uuid, row.startedAt ?? 0]))
  const begun: Moving = {
    kind: 'moving',
    tracks,
    startedAt,
    ...seenIn(order, rules, survey),
    bids: [],
    overdueTargets: [],
    lookAtHost: 'no',
    polls: 0,
    look: { kind: 'none', news: false },
    forbidden: order.forbidden,
    lookPending: false,
    room: 'there',
  }
  // A request of an earlier run or leader may be under way: it is taken up, not made a second time.
  const step = proceed(adoptAll(begun, survey.atMs), survey.atMs)
  const [next, effects] = accounted(undefined, step)
  const lines = unsuitable(begun)
  const noted: EvacuatorEffect[] = lines.length === 0 ? [] : [{ type: 'note.unsuitable', lines }]
  const [last, more] = finishOr(order, rules, [next, [...effects, awaitNews(begun)]])
  return [last, [...noted, ...more]]
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

/** What a survey says about those that are to be moved. */
function seenIn(
  { host: failed, notification: recovery }: EvacuationOrder,
  { placement }: EvacuatorRules,
  survey: Survey,
): Pick<Moving, 'here' | 'places' | 'records'> {
  const { method, instances, evacuations: records, takenByOthers } = survey
  const targets = targetsOf({ ...survey, failed, recovery, placement })
  const places = {
    stages: STAGES[method],
    targets,
    uncounted: new Set<MoveId>(),
    takenByOthers,
    demands: survey.demands,
  }
  return { here: new Map(instances.map((instance) => [instance.id, instance])), places, records }
}

/** While some instances wait for room, the others go on; what is being asked for just now may not be counted yet. */
function onSurveyedAgain(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  state: Moving,
  survey: Survey,
): EvacuatorStep {
  const seen = seenIn(order, rules, survey)
  const uncounted = [...state.places.uncounted].filter(
    (move) => state.tracks.get(move)?.phase.kind === 'requesting',
  )
  const places = { ...seen.places, uncounted: new Set(uncounted) }
  const tracks = withoutPauses(state.tracks, changedHosts(state.places, places), survey.atMs)
  const next: Moving = { ...state, ...seen, tracks, places, lookPending: false }
  const step = proceed(adoptAll(next, survey.atMs), survey.atMs)
  return finishOr(order, rules, accounted(state, step))
}

/** Others have sent instances where we may, or have come back from there. */
function onOthersBooked(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  state: EvacuatorState,
  { takenByOthers, atMs }: EvacuatorMessage & { readonly type: 'evacuator.others-booked' },
): EvacuatorStep {
  const watch = { type: 'bookings.watch' } as const
  if (state.kind === 'planning') {
    return [{ ...state, survey: { ...state.survey, takenByOthers } }, [watch]]
  }
  if (state.kind !== 'moving') return [state, []]
  const places = { ...state.places, takenByOthers }
  const [next, effects] = finishOr(
    order,
    rules,
    accounted(state, proceed({ ...state, places }, atMs)),
  )
  return [next, [...effects, watch]]
}

function onMoving(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  state: Moving,
  message: MovingMessage,
): EvacuatorStep {
  // Attempts are counted over all runs, and each run has its own.
  const attemptsMax = rules.attemptsMax * order.run
  const step = onMovingMessage({ ...rules, attemptsMax }, state, message)
  return finishOr(order, rules, accounted(state, step))
}

/** When every move has ended: look at the host again if anything was moved, for an instance that came late. */
function finishOr(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  [state, effects]: MovingStep,
): EvacuatorStep {
  const tracks = [...state.tracks.values()]
  if (state.forbidden !== null) {
    if (tracks.some(({ phase }) => isGoingOn(phase))) return [state, effects]
    return [
      { kind: 'finished' },
      [...effects, tell(order.replyTo, forbidden(order, state.forbidden))],
    ]
  }
  if (tracks.some(({ phase }) => phase.kind !== 'ended')) {
    return awaitRoom(order, rules, state, effects)
  }
  const reply = finished(order, tracks)
  if (state.polls > 0 && tracks.length > 0 && reply.failed === 0) {
    return [{ kind: 'surveying' }, [...effects, { type: 'compute.survey' }]]
  }
  return [{ kind: 'finished' }, [...effects, tell(order.replyTo, reply)]]
}

/** What is under way goes on; what waits, waits for the segment. Before the moves the store refuses the next step. */
function onForbid(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  state: EvacuatorState,
  reason: string,
): EvacuatorStep {
  if (state.kind === 'moving') {
    return finishOr(order, rules, withdraw({ ...state, forbidden: reason }))
  }
  return state.kind === 'hindered' || state.kind === 'isolating'
    ? [{ kind: 'finished' }, [tell(order.replyTo, forbidden(order, reason))]]
    : [state, []]
}

/** Compute is away: everything stays as it is, and we ask again. */
function onHindered(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  state: EvacuatorState,
  reason: string,
): EvacuatorStep {
  const noted: EvacuatorEffect = { type: 'note.hindered', reason }
  if (state.kind === 'moving') {
    const [next, effects] = finishOr(order, rules, [{ ...state, lookPending: false }, []])
    return [next, [noted, ...effects]]
  }
  return [
    { kind: 'hindered', reason },
    [
      noted,
      {
        type: 'timer.start',
        name: 'again',
        afterMs: rules.retryIntervalMs,
        message: { type: 'evacuator.begin' },
      },
    ],
  ]
}
