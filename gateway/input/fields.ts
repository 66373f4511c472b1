/** Field types that several resources share, and their decoders. */
import { Type } from 'typebox'
import { CodedError } from '../../schema/errors.ts'
import { isUuid } from '../../schema/ids.ts'

// The bounds in the pattern count code points, as the columns of the database do; `maxLength`
// counts what a reader sees as one character.
const PRINTABLE = '[^\\p{C}\\p{Zl}\\p{Zp}]'

/** 1 to 255 printable characters, without white space at either end. */
export const Name = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: `^(?!\\p{Z})${PRINTABLE}{1,255}(?<!\\p{Z})$`,
})

/** Printable text with line breaks, as long as a request body may be. */
export const Text = Type.String({ pattern: `^(?:${PRINTABLE}|\\n)*$` })

/** `Text` or null. */
export const NullableText = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  pattern: `^(?:${PRINTABLE}|\\n)*$`,
})

/** The reason for an operator's command: 1 to 1000 printable characters, not only white space. */
export const Reason = Type.String({
  minLength: 1,
  maxLength: 1000,
  pattern: `^(?=[^]*[^\\p{Z}\\n])(?:${PRINTABLE}|\\n){1,1000}$`,
})

const TRUE_WORDS = ['True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes'] as const
const FALSE_WORDS = ['False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no'] as const

/** true, false, or one of the words that clients send instead. */
export const BooleanLike = Type.Unsafe<boolean | string>({
  enum: [true, false, ...TRUE_WORDS, ...FALSE_WORDS],
})

const isTrueWord = (text: string): boolean => TRUE_WORDS.some((word) => word === text)

/** The boolean that a valid `BooleanLike` stands for. */
export const toBoolean = (value: boolean | string): boolean =>
  typeof value === 'string' ? isTrueWord(value) : value

const TRUE_FILTERS = ['1', 't', 'true', 'y', 'yes', 'on']
const FALSE_FILTERS = ['0', 'f', 'false', 'n', 'no', 'off']

/**
 * A boolean in a query string, where more words are allowed than in bodies. Other words are
 * refused.
 */
export function filterBoolean(name: string, text: string): boolean {
  const word = text.trim().toLowerCase()
  if (TRUE_FILTERS.includes(word)) return true
  if (FALSE_FILTERS.includes(word)) return false
  const words = [...FALSE_FILTERS, ...TRUE_FILTERS].map((known) => `'${known}'`).join(', ')
  throw new CodedError(
    'INPUT_INVALID',
    `Invalid value for ${name}. Unrecognized value '${text.slice(0, 64)}', acceptable values are: ${words}`,
  )
}

/**
 * The id of a stored row in the form in which it is stored; undefined for a text that is no id. Ids
 * are found in any case, as with the default collation of MySQL.
 */
export const uuidOf = (text: string): string | undefined =>
  isUuid(text) ? text.toLowerCase() : undefined

/** A value of a filter, as that collation compares it: without regard to case or trailing blanks. */
export const folded = (text: string): string => text.replace(/ +$/, '').toLowerCase()

/** The id in a path parameter. A `.json` at its end is ignored. */
export const idOf = (text: string): string => text.replace(/\.json$/, '')
