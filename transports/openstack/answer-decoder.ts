/** Decodes the text of an answer to a typed value. OpenStack's JSON is checked once, here. */
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { CodedError, type ErrorCode } from '../../schema/errors.ts'

/**
 * Makes a decoder that throws the given code when the text does not fit the schema. Unknown fields
 * are allowed.
 */
export function answerDecoder<Schema extends TSchema>(
  schema: Schema,
  code: ErrorCode,
): (text: string) => Static<Schema> {
  const validator = Compile(schema)
  return (text) => {
    const value = parseJson(text, code)
    if (validator.Check(value)) return value
    throw new CodedError(code, `the answer is malformed ${flawIn(validator.Errors(value))}`)
  }
}

interface Flaw {
  readonly instancePath: string
  readonly message: string
}

/** Where the first error is, and what is wrong there. */
export function flawIn([first]: readonly Flaw[]): string {
  return first === undefined ? 'somewhere' : `at ${first.instancePath || '/'}: ${first.message}`
}

function parseJson(text: string, code: ErrorCode): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CodedError(code, 'the answer is not JSON', { cause })
  }
}

const FAULT_LENGTH_MAX = 500

/**
 * OpenStack's own message about a refusal (`{"<fault>": {"message"}}`), or the beginning of another
 * answer.
 */
export function faultText(text: string): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text.replaceAll(/\s+/g, ' ').trim().slice(0, FAULT_LENGTH_MAX) // for example the page of a proxy
  }
  const message = messageIn(value) ?? Object.values(Object(value)).map(messageIn).find(Boolean)
  return (message ?? text).slice(0, FAULT_LENGTH_MAX)
}

function messageIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('message' in value)) return undefined
  return typeof value.message === 'string' ? value.message : undefined
}
