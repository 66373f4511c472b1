/**
 * Instances that a recovery had locked when it ended, cancelled in the middle or while Nova was away, are given back. Pure.
 *
 * what is known → what follows
 *  the instances that are locked by the record → each of them is looked at
 *  an instance is locked → it is unlocked
 *  an instance is not locked → the record says so
 *  an instance was unlocked → the record says so
 *  the record says so → nothing
 *  something about one instance is in trouble → the next instance is looked at
 *  the store is away when the list is read → the next round begins anew
 *
 * The next leader looks again: a lock is on record from before it was made until after it was undone.
 */
import type { VmMove } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { goOn, type PeriodicDecision } from '../kernel/periodic.ts'

export type LockTask =
  | { readonly type: 'locks.list' }
  | { readonly type: 'lock.look'; readonly move: VmMove }
  | { readonly type: 'lock.undo'; readonly move: VmMove }
  | { readonly type: 'lock.forget'; readonly move: VmMove }

export type LockAnswer =
  | { readonly type: 'locks.listed'; readonly moves: readonly VmMove[] }
  | { readonly type: 'lock.looked'; readonly move: VmMove; readonly isLocked: boolean }
  | { readonly type: 'lock.undone'; readonly move: VmMove }
  | { readonly type: 'lock.forgotten' }
  | { readonly type: 'lock.failed' }
  | { readonly type: 'locks.store-away' }

/** What follows from one answer. Nothing is remembered: everything is on record. */
export function decideUnlocking(
  memory: null,
  answer: LockAnswer,
): PeriodicDecision<null, LockTask> {
  switch (answer.type) {
    case 'locks.listed':
      return goOn(
        memory,
        answer.moves.map((move) => ({ type: 'lock.look', move })),
      )
    case 'lock.looked': {
      const { move, isLocked } = answer
      return goOn(memory, [{ type: isLocked ? 'lock.undo' : 'lock.forget', move }])
    }
    case 'lock.undone':
      return goOn(memory, [{ type: 'lock.forget', move: answer.move }])
    case 'lock.forgotten':
    case 'lock.failed':
      return goOn(memory)
    case 'locks.store-away':
      return { kind: 'end-round', memory }
    default:
      return assertNever(answer)
  }
}
