/** Restarts the instances of one dead host elsewhere: isolate, survey, plan, move, and look again until none is left. */
import type { Epoch, HostName, MoveId, NotificationId, SegmentId } from '../../schema/ids.ts'
import type { Host, VmMove } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { ComputeService, Evacuation, Instance } from '../ports/compute.ts'
import type { PlannedMove } from '../ports/store.ts'
import { placementTargets } from '../segment/placement.ts'
import { trackOf, type MoveTrack } from './instance-move.ts'
import { adoptAll, onMovingMessage } from './moving.ts'
import {
  proceed,
  type Moving,
  type MovingEffect,
  type MovingMessage,
  type MovingStep,
} from './moving-state.ts'
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

export interface EvacuatorRules extends SelectionRules {
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
}

/** Everything about the dead host, read at one moment. */
export interface Survey {
  readonly instances: readonly Instance[]
  readonly services: readonly ComputeService[]
  readonly hosts: readonly Host[]
  readonly evacuations: readonly Evacuation[]
  readonly disks: DiskPolicy
  /** Monotonic ms. */
  readonly atMs: number
}

export type EvacuatorMessage =
  | { readonly type: 'evacuator.begin' } // first message, and our own timer
  | { readonly type: 'evacuator.isolated' } // private
  | { readonly type: 'evacuator.surveyed'; readonly survey: Survey } // private
  | { readonly type: 'evacuator.planned'; readonly moves: readonly VmMove[] } // private
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
        return onSurveyed(rules, state, message.survey)
      case 'evacuator.planned':
        return onPlanned(order, rules, state, message.moves)
      case 'evacuator.hindered':
        return onHindered(rules, message.reason)
      case 'move.requested':
      case 'move.refused':
      case 'move.unknown':
      case 'move.hindered':
      case 'move.settled':
      case 'move.poll-due':
      case 'move.polled':
      case 'move.poll-failed':
        return state.kind === 'moving' ? onMoving(order, rules, state, message) : [state, []]
      default:
        return assertNever(message)
    }
  }

function onSurveyed(rules: EvacuatorRules, state: EvacuatorState, survey: Survey): EvacuatorStep {
  if (state.kind !== 'surveying') return [state, []]
  const selected = selectInstances(survey.instances, rules, survey.disks)
  const moves = selected
    .filter(({ verdict }) => verdict.kind === 'move')
    .map(({ instance: { id, name } }) => ({ instance: id, instanceName: name }))
  return [{ kind: 'planning', survey }, [{ type: 'moves.plan', moves }]]
}

function onPlanned(
  order: EvacuationOrder,
  rules: EvacuatorRules,
  state: EvacuatorState,
  rows: readonly VmMove[],
): EvacuatorStep {
  if (state.kind !== 'planning') return [state, []]
  const { survey } = state
  const recordsOf = (row: VmMove): readonly string[] =>
    survey.evacuations.filter((record) => record.instance === row.instance).map(({ id }) => id)
  const tracks = new Map<MoveId, MoveTrack>(
    rows.map((row) => [row.uuid, trackOf(row, recordsOf(row), survey.atMs)]),
  )
  const startedAt = new Map(rows.map((row) => [row.uuid, row.startedAt ?? 0]))
  const here = new Set(survey.instances.map(({ id }) => id))
  const begun: Moving = {
    kind: 'moving',
    tracks,
    startedAt,
    here,
    targets: placementTargets(survey.hosts, survey.services, order.host),
    records: survey.evacuations,
    pace: startPace(rules.concurrencyMax),
    overdueTargets: [],
    polls: 0,
    pollPending: false,
  }
  // A request of an earlier run or leader may be under way: it is taken up, not made a second time.
  return finishOr(order, rules, proceed(adoptAll(begun, survey.atMs), survey.atMs))
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
  const stuck = tracks.filter((track) => lacksTarget(state, track))
  const open = tracks.filter((track) => track.phase.kind !== 'ended')
  if (stuck.length > 0 && stuck.length === open.length) {
    const [next, more] = onHindered(
      rules,
      `no host of the segment takes the last ${stuck.length} instances`,
    )
    return [next, [...effects, ...more]]
  }
  if (open.length > 0) return [state, effects]
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

/** Nobody in the segment is left to ask for this instance. */
function lacksTarget(state: Moving, track: MoveTrack): boolean {
  if (track.phase.kind !== 'pending' || !state.here.has(track.instance)) return false
  return state.targets.every((target) => track.refusedBy.includes(target))
}

/** Compute is away, or an operator forbids it just now: everything stays as it is, and we ask again. */
function onHindered(rules: EvacuatorRules, reason: string): EvacuatorStep {
  return [
    { kind: 'hindered', reason },
    [
      { type: 'note.hindered', reason },
      {
        type: 'timer.start',
        name: 'again',
        afterMs: rules.retryIntervalMs,
        message: { type: 'evacuator.begin' },
      },
    ],
  ]
}
