/** Restarts the instances of one dead host elsewhere: isolate, survey, plan, move, and look again until none is left. */
import type { Epoch, HostName, MoveId, NotificationId, SegmentId } from '../../schema/ids.ts'
import type { RecordedMove, RecoveryMethod } from '../../schema/records.ts'
import { NOTHING } from '../../schema/resources.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import { STAGES } from '../placement/stages.ts'
import { targetsOf, type Census } from '../placement/targets.ts'
import type { Evacuation, Instance } from '../ports/compute.ts'
import type { PlannedMove } from '../ports/move-store.ts'
import { trackOf, type MoveTrack } from './instance-move.ts'
import { adoptAll } from './adopting.ts'
import { onMovingMessage } from './moving.ts'
import { proceed, type Moving, type MovingStep } from './moving-state.ts'
import type { MovingEffect, MovingMessage } from './moving-messages.ts'
import { planOf } from './plan.ts'
import { startPace } from './pacing.ts'
import { selectInstances, type DiskPolicy, type SelectionRules } from './selection.ts'

/** What the evacuator answers to the segment. */
export interface EvacuatorReply {
  readonly type: 'evacuator.finished'
  readonly notification: NotificationId
  readonly succeeded: number
  readonly failed: number
  readonly ignored: number
}

export interface EvacuationOrder {
  readonly notification: NotificationId
  readonly segment: SegmentId
  readonly host: HostName
  readonly epoch: Epoch
  /** 1 the first time; later runs take up the instances that failed before. */
  readonly run: number
  readonly replyTo: ActorRef<EvacuatorReply>
}

export interface EvacuatorRules extends SelectionRules, Pick<Census, 'placement'> {
  /** Whether a spare joins the aggregates of the host that it stands in for. */
  readonly joinAggregates: boolean
  /** Upper bound of evacuations under way at once. */
  readonly concurrencyMax: number
  /** Pause before an instance, or a step, is tried again, ms. */
  readonly retryIntervalMs: number
  /** Evacuate requests an instance may cost in one run. */
  readonly attemptsMax: number
  /** How long an unanswered request may take to show a record, ms. */
  readonly graceMs: number
  /** An evacuation that is under way for so long has its target looked at, ms. */
  readonly overdueMs: number
  /** One that is under way for so long is given up: Nova will not end it, ms. */
  readonly deadlineMs: number
  /** How long a moved instance may take to become what it was, ms. */
  readonly restoreMs: number
}

/** Everything about the dead host, read at one moment. */
export interface Survey extends Pick<Census, 'hosts' | 'services' | 'rooms' | 'takenSpares'> {
  readonly method: RecoveryMethod
  readonly instances: readonly Instance[]
  readonly evacuations: readonly Evacuation[]
  readonly disks: DiskPolicy
  /** What earlier recoveries of this host began and could not bring to an end. */
  readonly touched: readonly RecordedMove[]
  /** Monotonic ms. */
  readonly atMs: number
}

export type EvacuatorMessage =
  | { readonly type: 'evacuator.begin' } // first message, and our own timer
  | { readonly type: 'evacuator.isolated' } // private
  | { readonly type: 'evacuator.surveyed'; readonly survey: Survey } // private
  | { readonly type: 'evacuator.look-due' } // our own timer: is there room now?
  | { readonly type: 'evacuator.planned'; readonly moves: readonly RecordedMove[] } // private
  | { readonly type: 'evacuator.hindered'; readonly reason: string } // private: Compute is away, or no grant
  | MovingMessage

export type EvacuatorState =
  | { readonly kind: 'isolating' }
  | { readonly kind: 'surveying' }
  | { readonly kind: 'planning'; readonly survey: Survey }
  | Moving
  | { readonly kind: 'hindered'; readonly reason: string }
  | { readonly kind: 'finished' }

export type EvacuatorEffect =
  | { readonly type: 'compute.isolate' }
  | { readonly type: 'compute.survey' }
  | { readonly type: 'moves.plan'; readonly moves: readonly PlannedMove[] }
  | { readonly type: 'note.hindered'; readonly reason: string }
  | MovingEffect

export type EvacuatorStep = Step<EvacuatorState, EvacuatorEffect | KernelEffect<EvacuatorMessage>>

export const evacuator =
  (order: EvacuationOrder, rules: EvacuatorRules) =>
  (state: EvacuatorState, message: EvacuatorMessage): EvacuatorStep => {
    switch (message.type) {
      case 'evacuator.begin':
        return [{ kind: 'isolating' }, [{ type: 'compute.isolate' }]]
      case 'evacuator.isolated':
        return state.kind === 'isolating'
          ? [{ kind: 'surveying' }, [{ type: 'compute.survey' }]]
          : [state, []]
      case 'evacuator.surveyed':
        return state.kind === 'moving'
          ? onSurveyedAgain(order, rules, state, message.survey)
          : onSurveyed(rules, state, message.survey)
      case 'evacuator.look-due':
        return state.kind === 'moving' ? [state, [{ type: 'compute.survey' }]] : [state, []]
      case 'evacuator.planned':
        return onPlanned(order, rules, state, message.moves)
      case 'evacuator.hindered':
        return onHindered(order, rules, state, message.reason)
      case 'move.requested':
      case 'move.refused':
      case 'move.unknown':
      case 'move.hindered':
      case 'move.prepared':
      case 'move.looked':
      case 'move.restored':
      case 'move.settled':
      case 'move.poll-due':
      case 'move.polled':
      case 'move.poll-failed':
      case 'spare.opened':
      case 'spare.refused':
        return state.kind === 'moving' ? onMoving(order, rules, state, message) : [state, []]
      default:
        return assertNever(message)
    }
  }

function onSurveyed(rules: EvacuatorRules, state: EvacuatorState, survey: Survey): EvacuatorStep {
  if (state.kind !== 'surveying') return [state, []]
  const selected = selectInstances(survey.instances, rules, survey.disks)
  const moves = selected.map((each) => planOf(each, survey.touched))
  return [{ kind: 'planning', survey }, [{ type: 'moves.plan', moves }]]
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
      return [row.uuid, trackOf(row, { ...found, nowMs: survey.atMs })]
    }),
  )
  const startedAt = new Map(rows.map((row) => [row.uuid, row.startedAt ?? 0]))
  const begun: Moving = {
    kind: 'moving',
    tracks,
    startedAt,
    ...seenIn(order, rules, survey),
    pace: startPace(rules.concurrencyMax),
    overdueTargets: [],
    polls: 0,
    pollPending: false,
    lookPending: false,
  }
  // A request of an earlier run or leader may be under way: it is taken up, not made a second time.
  return finishOr(order, rules, proceed(adoptAll(begun, survey.atMs), survey.atMs))
}

/** What a survey says about those that are to be moved. */
function seenIn(
  { host: failed, notification: recovery }: EvacuationOrder,
  { placement }: EvacuatorRules,
  survey: Survey,
): Pick<Moving, 'here' | 'places' | 'records'> {
  const { method, instances, evacuations: records } = survey
  const targets = targetsOf({ ...survey, failed, recovery, placement })
  const places = { stages: STAGES[method], targets, uncounted: new Set<MoveId>() }
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
  const next: Moving = { ...state, ...seen, places, lookPending: false }
  return finishOr(order, rules, proceed(adoptAll(next, survey.atMs), survey.atMs))
}

function onMoving(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  state: Moving,
  message: MovingMessage,
): EvacuatorStep {
  // Attempts are counted over all runs, and each run has its own.
  const attemptsMax = rules.attemptsMax * order.run
  return finishOr(order, rules, onMovingMessage({ ...rules, attemptsMax }, state, message))
}

/** When every move has ended: look at the host again if anything was moved, for an instance that came late. */
function finishOr(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  [state, effects]: MovingStep,
): EvacuatorStep {
  const tracks = [...state.tracks.values()]
  if (tracks.some(({ phase }) => phase.kind !== 'ended')) return lookLater(rules, state, effects)
  const count = (outcome: 'succeeded' | 'failed' | 'ignored'): number =>
    tracks.filter(({ phase }) => phase.kind === 'ended' && phase.outcome === outcome).length
  if (state.polls > 0 && tracks.length > 0 && count('failed') === 0) {
    return [{ kind: 'surveying' }, [...effects, { type: 'compute.survey' }]]
  }
  const reply: EvacuatorReply = {
    type: 'evacuator.finished',
    notification: order.notification,
    succeeded: count('succeeded'),
    failed: count('failed'),
    ignored: count('ignored'),
  }
  return [{ kind: 'finished' }, [...effects, tell(order.replyTo, reply)]]
}

/** For as long as nobody has room for an instance, everything is looked at again. */
function lookLater(
  { retryIntervalMs: afterMs }: EvacuatorRules,
  state: Moving,
  effects: MovingStep[1],
): EvacuatorStep {
  if (state.lookPending || ![...state.tracks.values()].some(isUnplaced)) return [state, effects]
  const message = { type: 'evacuator.look-due' } as const
  const timer = { type: 'timer.start', name: 'look', afterMs, message } as const
  return [{ ...state, lookPending: true }, [...effects, timer]]
}

const isUnplaced = ({ phase }: MoveTrack): boolean => phase.kind === 'unplaced'

/** Compute is away, or an operator forbids it just now: everything stays as it is, and we ask again. */
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
