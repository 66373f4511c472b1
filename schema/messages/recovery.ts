/** What the engine tells the world about its recoveries; for taps, terminals and event streams. */
import { Type, type Static } from 'typebox'

const Id = Type.String({ minLength: 1, maxLength: 64 })
const Sentence = Type.String({ maxLength: 2048 })

/** A recovery passed one of its steps. */
export const RecoveryStepped = Type.Object({
  notification: Id,
  host: Type.String({ maxLength: 255 }),
  /** A notification status, or a step: `fencing`, `fenced`, `isolated`, `planned`, `held`, … */
  step: Type.String({ minLength: 1, maxLength: 64 }),
  reason: Sentence,
  evidence: Type.Array(Sentence, { maxItems: 64 }),
})
export type RecoveryStepped = Static<typeof RecoveryStepped>

/** One instance of a recovery changed its state; with the totals, for progress bars. */
export const MoveStepped = Type.Object({
  notification: Id,
  instance: Id,
  instanceName: Type.String({ maxLength: 255 }),
  status: Type.String({ maxLength: 32 }),
  dest: Type.Union([Type.String({ maxLength: 255 }), Type.Null()]),
  reason: Sentence,
  done: Type.Integer({ minimum: 0 }),
  total: Type.Integer({ minimum: 0 }),
})
export type MoveStepped = Static<typeof MoveStepped>
