/** Messages by which the engine reports its recoveries, for terminals and event streams. */
import { Type, type Static } from 'typebox'
import { Count, Id, Name, NameOrEmpty, Sentence, Word } from './fields.ts'

/**
 * What a recovery may announce: the status that its notification has now, or what was done or
 * decided for it.
 */
const AnnouncedStep = Type.Union([
  Type.Literal('running'),
  Type.Literal('error'),
  Type.Literal('finished'),
  Type.Literal('failed'),
  Type.Literal('ignored'),
  /** The recovery does not act now, and the reason says what it waits for. */
  Type.Literal('held'),
  /** A rung of the fence plan has failed, and the next one begins. */
  Type.Literal('fence'),
  /** The death certificate is stored. */
  Type.Literal('fenced'),
  /** The compute service is disabled and forced down. */
  Type.Literal('isolated'),
  /** The list of moves is stored. */
  Type.Literal('planned'),
  /** A spare was activated. */
  Type.Literal('spare-taken'),
  /** The evacuation does not go on now, and the reason says why. */
  Type.Literal('waiting'),
  /** After the end: an instance that was left on a host was started when the host was back. */
  Type.Literal('start'),
  /**
   * After the end: the next step of the host's return into service, or what the return waits for.
   */
  Type.Literal('return'),
  /** After the end: a change was undone, or the reason why it was not. */
  Type.Literal('give-back'),
])
export type AnnouncedStep = Static<typeof AnnouncedStep>

/** A recovery passed one of its steps. */
export const RecoveryStepped = Type.Object({
  notification: Id,
  host: NameOrEmpty,
  step: AnnouncedStep,
  reason: Sentence,
  evidence: Type.Array(Sentence, { maxItems: 64 }),
})
export type RecoveryStepped = Static<typeof RecoveryStepped>

/** One instance of a recovery changed its state. The totals are for progress bars. */
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

/** After a move has succeeded: whether its guest was heard on the new host, or why nothing was heard. */
export const GuestFollowed = Type.Object({
  notification: Id,
  instance: Id,
  instanceName: NameOrEmpty,
  /** The host that the instance was moved to. */
  host: Name,
  state: Type.Union([
    Type.Literal('agent'),
    Type.Literal('running'),
    Type.Literal('not_expected'),
    Type.Literal('not_heard'),
  ]),
  reason: Sentence,
  /** From the report of the fault to the sign of the guest, ms; null when none was heard. */
  afterMs: Type.Union([Count, Type.Null()]),
  /** How many guests of this recovery are back, and how many of its moves have succeeded. */
  back: Count,
  total: Count,
})
export type GuestFollowed = Static<typeof GuestFollowed>
