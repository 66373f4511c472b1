/**
 * What recoveries changed and nobody needs any more is undone: spares are reserved again, aggregates left, services enabled. Pure.
 *
 * what is known → what follows
 *  the ledger, and no recovery in it has ended → nothing
 *  the ledger, and it has an aggregate → the aggregates are looked at
 *  the ledger → each change of an ended recovery is looked at
 *  the aggregates → each change of an ended recovery is looked at
 *  a change is looked at, and is to be kept → nothing
 *  a change is looked at, and somebody else has undone it → it is closed, and that is said
 *  a change is looked at, and is to be undone → operators are asked for a stop
 *  operators have stopped everything → it is said
 *  operators have stopped nothing → the step is said, and then taken
 *  something is said of a change → it is not said again, until something else is
 *  a change is closed, or its step is taken → nothing
 *  Nova refuses the step → it is said, and the next change is looked at
 *  Nova or the store is away → the other changes wait for the next round
 *  the store is away when the ledger is read → the next round begins anew
 */
import type { SiteCommand } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { goOn, type PeriodicDecision } from '../kernel/periodic.ts'
import type { Aggregate, ComputeService } from '../ports/compute.ts'
import type { OpenChange } from '../ports/ledger.ts'
import type { NewEntry } from '../ports/store.ts'
import { isHeartbeat } from './heartbeats.ts'
import { onlyOf, withRow, withSaid, type Remembered } from './remembered.ts'
import { siteStop } from './site-stop.ts'
import { nextUndoStep, type UndoFacts, type UndoStep } from './undo-step.ts'

/** A step that changes something. */
export type ChangeStep = Exclude<UndoStep, { readonly kind: 'keep' | 'close' }>

/** What all changes of a round have in common. */
type Ledger = Pick<UndoFacts, 'changes' | 'aggregates'>

export type ChangeTask =
  | { readonly type: 'changes.list' }
  | { readonly type: 'aggregates.list'; readonly changes: readonly OpenChange[] }
  | { readonly type: 'change.look'; readonly change: OpenChange; readonly ledger: Ledger }
  | { readonly type: 'change.close'; readonly change: OpenChange; readonly outcome: string }
  | { readonly type: 'change.ask-stop'; readonly change: OpenChange; readonly step: ChangeStep }
  | {
      readonly type: 'change.say'
      readonly change: OpenChange
      readonly kind: NewEntry['kind']
      readonly detail: string
    }
  | { readonly type: 'change.take'; readonly change: OpenChange; readonly step: ChangeStep }

export type ChangeAnswer =
  | { readonly type: 'changes.listed'; readonly changes: readonly OpenChange[] }
  | {
      readonly type: 'aggregates.listed'
      readonly changes: readonly OpenChange[]
      readonly aggregates: readonly Aggregate[]
    }
  | {
      readonly type: 'change.looked'
      readonly change: OpenChange
      readonly ledger: Ledger
      readonly service: ComputeService | undefined
      /** How many instances are on the host. */
      readonly instances: number
    }
  | {
      readonly type: 'change.stop-asked'
      readonly change: OpenChange
      readonly step: ChangeStep
      readonly commands: readonly SiteCommand[]
    }
  | { readonly type: 'change.said'; readonly change: OpenChange; readonly detail: string }
  | { readonly type: 'change.done' }
  | { readonly type: 'change.refused'; readonly change: OpenChange; readonly problem: string }
  | { readonly type: 'changes.away' }
  | { readonly type: 'changes.store-away' }

/** By the number of the change. */
type ChangeMemory = Remembered<number>
type ChangeDecision = PeriodicDecision<ChangeMemory, ChangeTask>

/** What follows from one answer. */
export function decideUndoing(memory: ChangeMemory, answer: ChangeAnswer): ChangeDecision {
  switch (answer.type) {
    case 'changes.listed':
      return onListed(memory, answer.changes)
    case 'aggregates.listed': {
      const { changes, aggregates } = answer
      return goOn(memory, looks({ changes, aggregates }))
    }
    case 'change.looked':
      return onLooked(memory, answer)
    case 'change.stop-asked':
      return onStopAsked(memory, answer)
    case 'change.said':
      return goOn(withSaid(memory, answer.change.id, answer.detail))
    case 'change.done':
      return goOn(memory)
    case 'change.refused':
      // Nova keeps a host in its zone for as long as instances are on it.
      return goOn(
        memory,
        say(memory, answer.change, 'decision', `it stays as it is: ${answer.problem}`),
      )
    case 'changes.away':
      return { kind: 'end-part', memory }
    case 'changes.store-away':
      return { kind: 'end-round', memory }
    default:
      return assertNever(answer)
  }
}

function onListed(memory: ChangeMemory, changes: readonly OpenChange[]): ChangeDecision {
  const open = onlyOf(
    memory,
    changes.map(({ id }) => id),
  )
  if (!changes.some(({ recoveryEnded }) => recoveryEnded)) return goOn(open)
  return changes.some(({ kind }) => kind === 'aggregate')
    ? goOn(open, [{ type: 'aggregates.list', changes }])
    : goOn(open, looks({ changes, aggregates: [] }))
}

const looks = (ledger: Ledger): readonly ChangeTask[] =>
  ledger.changes
    .filter(({ recoveryEnded }) => recoveryEnded)
    .map((change) => ({ type: 'change.look', change, ledger }))

function onLooked(
  memory: ChangeMemory,
  { change, ledger, service, instances }: ChangeAnswer & { readonly type: 'change.looked' },
): ChangeDecision {
  const beats = isHeartbeat(memory.rows.get(change.id), service)
  const step = nextUndoStep({ ...ledger, change, service, instances, beats })
  const next = withRow(memory, change.id, service)
  if (step.kind === 'keep') return goOn(next)
  if (step.kind !== 'close') return goOn(next, [{ type: 'change.ask-stop', change, step }])
  const { outcome } = step
  return goOn(next, [
    { type: 'change.close', change, outcome },
    ...say(memory, change, 'outcome', outcome),
  ])
}

function onStopAsked(
  memory: ChangeMemory,
  { change, step, commands }: ChangeAnswer & { readonly type: 'change.stop-asked' },
): ChangeDecision {
  const stop = siteStop(commands)
  if (stop !== undefined) return goOn(memory, say(memory, change, 'decision', stop))
  const intent = say(memory, change, 'intent', INTENTS[step.kind])
  return goOn(memory, [...intent, { type: 'change.take', change, step }])
}

const INTENTS: Readonly<Record<ChangeStep['kind'], string>> = {
  reserve: 'nothing is on it: it is reserved again',
  disable: "Nova's scheduler keeps away from it again",
  enable: "its nova-compute beats again: Nova's scheduler may use it",
  'leave-aggregate': 'it leaves an aggregate that it joined for a recovery',
}

/** Says what is new. */
const say = (
  memory: ChangeMemory,
  change: OpenChange,
  kind: NewEntry['kind'],
  detail: string,
): readonly ChangeTask[] =>
  memory.said.get(change.id) === detail ? [] : [{ type: 'change.say', change, kind, detail }]
