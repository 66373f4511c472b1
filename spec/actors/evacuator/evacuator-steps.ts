/** Tells an evacuator one message after another, and shows where they lead. */
import { evacuator } from '../../../actors/evacuator/evacuator.ts'
import type {
  EvacuationOrder,
  EvacuatorEffect,
  EvacuatorMessage,
  EvacuatorState,
  Survey,
} from '../../../actors/evacuator/evacuator-messages.ts'
import { NO_DEMANDS } from '../../../actors/placement/suitability.ts'
import { tell, type KernelEffect, type Tell } from '../../../actors/kernel/behaviour.ts'
import { refOf } from '../../../actors/registry.ts'
import type { RecordedMove } from '../../../schema/records.ts'
import {
  EPOCH,
  H1,
  H2,
  I2,
  M1,
  M2,
  N1,
  ONE,
  SEGMENT,
  TWO,
  evacuationRow,
  hostRow,
  instanceRow,
  moveRow,
  serviceRow,
} from '../records.ts'
import { timer } from '../step-table.ts'
import { RULES as MOVE_RULES } from './tracks.ts'

export const RULES = {
  evacuateAll: true,
  haMetadataKey: 'HA_Enabled',
  priorityMetadataKey: 'HA_Priority',
  ignoreInstancesInError: false,
  placement: 'segment',
  joinAggregates: false,
  blockedRetryMs: 33_000,
  capacityRecheckMs: 34_000,
  ...MOVE_RULES,
} as const
export const ORDER: EvacuationOrder = {
  notification: N1,
  segment: SEGMENT,
  host: ONE,
  hostId: H1,
  epoch: EPOCH,
  run: 1,
  forbidden: null,
  replyTo: refOf('recovery', N1),
}
export const behaviour = evacuator(ORDER, RULES)

export type Effect = EvacuatorEffect | KernelEffect<EvacuatorMessage>

export const BEGIN: EvacuatorMessage = { type: 'evacuator.begin' }
export const ISOLATED: EvacuatorMessage = { type: 'evacuator.isolated' }
export const surveyOf = (change: Partial<Survey> = {}): Survey => ({
  method: 'auto',
  takenSpares: [],
  instances: [instanceRow(), instanceRow({ id: I2, metadata: { HA_Enabled: 'true' } })],
  services: [serviceRow()],
  rooms: new Map(),
  hosts: [hostRow(), hostRow({ uuid: H2, name: TWO })],
  evacuations: [],
  touched: [],
  failedBefore: new Map(),
  takenByOthers: new Map(),
  demands: NO_DEMANDS,
  disks: { instanceDisks: 'shared', rebuildLocal: 'forbid' },
  atMs: 0,
  ...change,
})
export const surveyed = (change: Partial<Survey> = {}): EvacuatorMessage => ({
  type: 'evacuator.surveyed',
  survey: surveyOf(change),
})
export const surveyedAgain = (change: Partial<Survey> = {}, begunAtMs = 0): EvacuatorMessage => ({
  type: 'evacuator.surveyed-again',
  begunAtMs,
  survey: surveyOf(change),
})
export const planned = (...moves: readonly RecordedMove[]): EvacuatorMessage => ({
  type: 'evacuator.planned',
  moves,
})
export const forbidden = (reason: string): Tell =>
  tell(ORDER.replyTo, { type: 'evacuator.forbidden', notification: N1, reason })
export const SURVEYING: EvacuatorState = { kind: 'surveying' }
export const again = timer<EvacuatorMessage>('again', 33_000, BEGIN)

export function after(...messages: readonly EvacuatorMessage[]) {
  let state: EvacuatorState = { kind: 'isolating' }
  let effects: readonly Effect[] = []
  for (const message of messages) {
    ;[state, effects] = behaviour(state, message)
    const requests = effects.flatMap((effect) =>
      effect.type === 'limiter.ask' ? effect.requests : [],
    )
    if (requests.length === 0) continue
    const [next, more] = behaviour(state, { type: 'limiter.allowed', requests, atMs: 0 })
    state = next
    effects = [...effects, ...more].filter(({ type }) => !type.startsWith('limiter.'))
  }
  return { state, effects, replies: effects.filter(({ type }) => type === 'tell') }
}

export const UNTIL_SURVEYED = [BEGIN, ISOLATED, surveyed()]
export const BOTH = [moveRow(), moveRow({ uuid: M2, instance: I2 })]
export const yes = (move: typeof M1): EvacuatorMessage => ({
  type: 'move.requested',
  move,
  atMs: 0,
  startedAt: 0,
})
export const settled = (
  move: typeof M1,
  outcome: 'succeeded' | 'failed' | 'ignored' = 'succeeded',
): EvacuatorMessage => ({ type: 'move.settled', move, outcome })
export const polled: EvacuatorMessage = {
  type: 'records.polled',
  records: [evacuationRow({ status: 'done' }), evacuationRow({ instance: I2, status: 'done' })],
  lostTargets: [],
  atMs: 500,
}
export const UNTIL_MOVED = [
  ...UNTIL_SURVEYED,
  planned(...BOTH),
  yes(M1),
  yes(M2),
  { type: 'records.poll-due' } as const,
  polled,
]
