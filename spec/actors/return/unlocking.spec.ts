/** How instances that ended recoveries have left locked are given back. */
import {
  decideUnlocking,
  type LockAnswer,
  type LockTask,
} from '../../../actors/return/unlocking.ts'
import { testDecisions } from '../decision-table.ts'
import { M2, moveRow } from '../records.ts'

const move = moveRow()
const other = moveRow({ uuid: M2 })

testDecisions<null, LockTask, LockAnswer>(
  { file: 'return/unlocking.ts', initial: null, decide: decideUnlocking },
  {
    'the instances that are locked by the record → each of them is looked at': [
      {
        title: 'two of them',
        answer: { type: 'locks.listed', moves: [move, other] },
        tasks: [
          { type: 'lock.look', move },
          { type: 'lock.look', move: other },
        ],
      },
    ],
    'an instance is locked → it is unlocked': [
      {
        title: 'and the record follows later',
        answer: { type: 'lock.looked', move, isLocked: true },
        tasks: [{ type: 'lock.undo', move }],
      },
    ],
    'an instance is not locked → the record says so': [
      {
        title: 'it is free, or gone',
        answer: { type: 'lock.looked', move, isLocked: false },
        tasks: [{ type: 'lock.forget', move }],
      },
    ],
    'an instance was unlocked → the record says so': [
      {
        title: 'only then',
        answer: { type: 'lock.undone', move },
        tasks: [{ type: 'lock.forget', move }],
      },
    ],
    'the record says so → nothing': [{ title: 'it is over', answer: { type: 'lock.forgotten' } }],
    'something about one instance is in trouble → the next instance is looked at': [
      { title: 'the record stays as it is', answer: { type: 'lock.failed' } },
    ],
    'the store is away when the list is read → the next round begins anew': [
      { title: 'nothing is known', answer: { type: 'locks.store-away' }, ends: 'end-round' },
    ],
  },
)
