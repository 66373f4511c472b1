/** The forms of the fields of wire messages. A field that does not have its form is refused. */
import { Type } from 'typebox'

/**
 * `characters` is the largest message that NATS accepts by default, and larger than any message of
 * ours. Our messages need four levels, the payloads of Compute a few more; our largest message,
 * with a thousand actors, has seven thousand members.
 */
export const MESSAGE_BOUNDS = { characters: 1_048_576, depth: 32, members: 50_000 } as const
/**
 * The end of the year 9999. A later time has no four-digit year, and a much later one is no valid
 * date.
 */
const TIME_MAX = 253_402_300_799_999

/** A UUID, or a UUID with a number behind it: letters, digits, `.`, `_`, `:` and `-`. */
const ID = '^[A-Za-z0-9][A-Za-z0-9._:-]*$'
/** No control characters, no line or paragraph separators, no halves of surrogate pairs. */
const NAME = '^[^\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}]+$'

export const Id = Type.String({ minLength: 1, maxLength: 64, pattern: ID })
/** An id, or an empty text when the sender had none. */
export const IdOrEmpty = Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9._:-]*$' })

/** A name of a host, a process or an instance. */
export const Name = Type.String({ minLength: 1, maxLength: 255, pattern: NAME })
export const NameOrEmpty = Type.String({ maxLength: 255, pattern: NAME.replace('+$', '*$') })

/** One word of a fixed or nearly fixed set: a status, a role, an event type. */
export const Word = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][\\w.-]*$' })

/** One sentence from a channel; it may contain any characters. */
export const Text = Type.String({ maxLength: 1024 })
/** One sentence from the engine; it may contain any characters. */
export const Sentence = Type.String({ maxLength: 2048 })

/** A number of things; also an epoch, or a number in a sequence. */
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
/** A wall clock, ms since 1970 UTC. */
export const WallTime = Type.Integer({ minimum: 0, maximum: TIME_MAX })
