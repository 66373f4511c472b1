/** The forms of the fields of wire messages: what is not of this form does not come in. */
import { Type } from 'typebox'

/**
 * As many bytes as NATS takes by default, and larger than any message of ours. Ours need four levels, the payloads of Compute
 * some more; the largest of ours, with a thousand actors, has seven thousand members.
 */
export const MESSAGE_BOUNDS = { characters: 1_048_576, depth: 32, members: 50_000 } as const
/** The end of the year 9999: later moments have no four-digit year, and soon none at all. */
const TIME_MAX = 253_402_300_799_999

/** A UUID, or one with a number behind it: letters, digits, `.`, `_`, `:` and `-`. */
const ID = '^[A-Za-z0-9][A-Za-z0-9._:-]*$'
/** No control characters, no line or paragraph separators, no halves of surrogate pairs. */
const NAME = '^[^\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}]+$'

export const Id = Type.String({ minLength: 1, maxLength: 64, pattern: ID })
/** An id that may be absent: the sender had none. */
export const IdOrEmpty = Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9._:-]*$' })

/** A name of a host, a process or an instance. */
export const Name = Type.String({ minLength: 1, maxLength: 255, pattern: NAME })
export const NameOrEmpty = Type.String({ maxLength: 255, pattern: NAME.replace('+$', '*$') })

/** One word of a closed or nearly closed set: a status, a role, an event type. */
export const Word = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][\\w.-]*$' })

/** One sentence of a channel; may say anything. */
export const Text = Type.String({ maxLength: 1024 })
/** One sentence of the engine; may say anything. */
export const Sentence = Type.String({ maxLength: 2048 })

/** How many there are; also an epoch, or a number in a sequence. */
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
/** A wall clock, ms since 1970 UTC. */
export const WallTime = Type.Integer({ minimum: 0, maximum: TIME_MAX })
