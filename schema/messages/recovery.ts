/** What the engine tells the world about its recoveries; for taps, terminals and event streams. */
import { Type, type Static } from 'typebox'
import { Count, Id, Name, NameOrEmpty, Sentence, Word } from './fields.ts'

/** A recovery passed one of its steps. */
export const RecoveryStepped = Type.Object({
  notification: Id,
  host: NameOrEmpty,
  /** A notification status, or a step: `fencing`, `fenced`, `isolated`, `planned`, `held`, … */
  step: Word,
  reason: Sentence,
  evidence: Type.Array(Sentence, { maxItems: 64 }),
})
export type RecoveryStepped = Static<typeof RecoveryStepped>

/** One instance of a recovery changed its state; with the totals, for progress bars. */
export const MoveStepped = Type.Object({
  notification: Id,
  instance: Id,
  instanceName: NameOrEmpty,
  status: Word,
  dest: Type.Union([Name, Type.Null()]),
  reason: Sentence,
  done: Count,
  total: Count,
})
export type MoveStepped = Static<typeof MoveStepped>
