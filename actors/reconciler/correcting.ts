/**
 * For an hour after a recovery, what it gave up is looked for: whether Nova has brought it to an end by itself. Pure.
 *
 * what is known → what follows
 *  the moves that were given up → Nova's records of each of their hosts are read
 *  a record says that the move has succeeded → the instance is looked at
 *  the instance is where the record says → the success is recorded
 *  the instance is elsewhere, or gone → nothing
 *  the success is recorded → it is announced
 *  it was not so any more when it was to be recorded → nothing
 *  it is announced → nothing
 *  Nova or the store is away → the next round begins anew
 *
 * Neither the record nor the instance alone is believed.
 */
import type { WireBody } from '../../schema/messages/catalogue.ts'
import type { HostName } from '../../schema/ids.ts'
import type { VmMove } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { goOn, type PeriodicDecision } from '../kernel/periodic.ts'
import type { Evacuation, Instance } from '../ports/compute.ts'
import type { Correction } from '../ports/reconciler-store.ts'
import { lateCompletion } from './late-completion.ts'

export type CorrectingTask =
  | { readonly type: 'given-up.list' }
  | { readonly type: 'records.list'; readonly host: HostName; readonly moves: readonly VmMove[] }
  | { readonly type: 'late.look'; readonly move: VmMove; readonly dest: HostName }
  | { readonly type: 'late.record'; readonly move: VmMove; readonly dest: HostName }
  | {
      readonly type: 'late.announce'
      readonly move: WireBody<'move.stepped'>
      readonly recovery: WireBody<'recovery.stepped'>
    }

export type CorrectingAnswer =
  | { readonly type: 'given-up.listed'; readonly moves: readonly VmMove[] }
  | {
      readonly type: 'records.listed'
      readonly moves: readonly VmMove[]
      readonly records: readonly Evacuation[]
    }
  | {
      readonly type: 'late.looked'
      readonly move: VmMove
      readonly dest: HostName
      readonly instance: Instance | undefined
    }
  | {
      readonly type: 'late.recorded'
      readonly move: VmMove
      readonly dest: HostName
      readonly correction: Correction | undefined
    }
  | { readonly type: 'late.announced' }
  | { readonly type: 'correcting.away' }

type CorrectingDecision = PeriodicDecision<null, CorrectingTask>

/** What follows from one answer. Nothing is remembered: everything is on record. */
export function decideCorrecting(memory: null, answer: CorrectingAnswer): CorrectingDecision {
  switch (answer.type) {
    case 'given-up.listed': {
      const byHost = Map.groupBy(answer.moves, ({ sourceHost }) => sourceHost)
      return goOn(
        memory,
        [...byHost].map(([host, moves]) => ({ type: 'records.list', host, moves })),
      )
    }
    case 'records.listed':
      return goOn(
        memory,
        answer.moves.flatMap((move) => {
          const dest = lateCompletion(move, answer.records)
          return dest === undefined ? [] : [{ type: 'late.look', move, dest }]
        }),
      )
    case 'late.looked': {
      const { move, dest, instance } = answer
      return goOn(memory, instance?.host === dest ? [{ type: 'late.record', move, dest }] : [])
    }
    case 'late.recorded':
      return onRecorded(memory, answer)
    case 'late.announced':
      return goOn(memory)
    case 'correcting.away':
      return { kind: 'end-round', memory }
    default:
      return assertNever(answer)
  }
}

function onRecorded(
  memory: null,
  { move, dest, correction }: CorrectingAnswer & { readonly type: 'late.recorded' },
): CorrectingDecision {
  if (correction === undefined) return goOn(memory)
  const { notification, instance, instanceName, sourceHost: host } = move
  const { done, total } = correction
  const { status, message } = correction.notification
  const ofMove = { notification, instance, instanceName, dest, reason: LATE }
  const ofRecovery = { notification, host, reason: message ?? LATE, evidence: [LATE] }
  return goOn(memory, [
    {
      type: 'late.announce',
      move: { ...ofMove, status: 'succeeded', done, total },
      recovery: { ...ofRecovery, step: status === 'finished' ? status : 'failed' },
    },
  ])
}

const LATE = 'Nova recorded it as done after the recovery had ended'
