/** Validates what callers send, with the error texts that they know from Masakari. */
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { CodedError } from '../../schema/errors.ts'
import { nearestName } from '../../schema/nearest-name.ts'

interface SchemaError {
  readonly keyword: string
  /** `#/properties/host`: the place in the schema that the value does not fit. */
  readonly schemaPath: string
  readonly instancePath: string
  readonly message: string
  readonly params: Readonly<Record<string, unknown>>
}

const SHOWN_LENGTH = 120

/**
 * Compiles a route's schema. A value that does not fit becomes INPUT_INVALID, which names the
 * field.
 */
export const compileInput: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = checker(schema)
  return (value) => {
    const error = check(value, httpPart ?? 'request')
    return error === undefined ? { value } : { error }
  }
}

type Checker = (value: unknown, name: string) => CodedError | undefined

/** Routes exist several times, below different paths, and to compile their schemas takes long. */
const checkers = new WeakMap<TSchema, Checker>()

/** A check of values against one schema. It returns what is wrong, or undefined. */
export function checker(schema: TSchema): Checker {
  const known = checkers.get(schema) ?? newChecker(schema)
  checkers.set(schema, known)
  return known
}

function newChecker(schema: TSchema): Checker {
  const compiled = Compile(schema)
  return (value, name) => {
    if (compiled.Check(value)) return undefined
    const [first] = compiled.Errors(value).filter((error) => error.keyword !== 'boolean')
    return explain(first ?? UNKNOWN, { schema, value, name })
  }
}

const UNKNOWN: SchemaError = {
  keyword: '',
  schemaPath: '#',
  instancePath: '',
  message: 'is not valid',
  params: {},
}

/** `Invalid input for field/attribute F. Value: V. <what is wrong>`. */
export const invalidField = (field: string, value: unknown, text: string): CodedError =>
  new CodedError(
    'INPUT_INVALID',
    `Invalid input for field/attribute ${field}. Value: ${shown(field, value)}. ${text}`,
  )

interface Checked {
  readonly schema: TSchema
  readonly value: unknown
  readonly name: string
}

function explain(error: SchemaError, { schema, value: root, name }: Checked): CodedError {
  const path = partsOf(error.instancePath)
  const value = path.reduce<unknown>(member, root)
  const field = cut(path.at(-1) ?? name)
  const known = Object.keys(
    member(partsOf(error.schemaPath).reduce<unknown>(member, schema), 'properties') ?? {},
  )
  const text = wrong(error, shown(field, value)) + advice(error, value, known)
  return invalidField(field, value, text)
}

const partsOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))

const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined

/** The sentence that a Python schema checker would give, because tests and clients compare it. */
function wrong(error: SchemaError, value: string): string {
  const { params } = error
  switch (error.keyword) {
    case 'required':
      return `${quoted(params['requiredProperties'], 1)} is a required property`
    case 'additionalProperties':
      return `Additional properties are not allowed (${unexpected(params['additionalProperties'])})`
    case 'type':
      return `${value} is not of type ${quoted(params['type'], 2)}`
    case 'enum':
      return `${value} is not one of ${JSON.stringify(params['allowedValues'])}`
    case 'pattern':
      return `${value} does not match '${String(params['pattern'])}'`
    case 'minLength':
      return `${value} is too short`
    case 'maxLength':
      return `${value} is too long`
    case 'minProperties':
      return `${value} does not have enough properties`
    default:
      return `${value} ${error.message}`
  }
}

/** What was probably meant, appended to the sentence that clients know. */
function advice(
  { keyword, params }: SchemaError,
  value: unknown,
  known: readonly string[],
): string {
  switch (keyword) {
    case 'additionalProperties': {
      const [unknown = ''] = textsOf(params['additionalProperties'])
      const nearest = nearestName(unknown, known)
      return nearest === undefined ? '' : `; did you mean '${nearest}'?`
    }
    case 'required': {
      const [missing] = textsOf(params['requiredProperties'])
      const others = Object.keys(Object(value)).filter((name) => !known.includes(name))
      const meant = missing === undefined ? undefined : nearestName(missing, others)
      return meant === undefined ? '' : `; did you mean it by '${cut(meant)}'?`
    }
    case 'enum': {
      const nearest =
        typeof value === 'string' ? nearestName(value, textsOf(params['allowedValues'])) : undefined
      return nearest === undefined ? '' : `; did you mean '${nearest}'?`
    }
    default:
      return ''
  }
}

const textsOf = (value: unknown): readonly string[] =>
  [value].flat().filter((each) => typeof each === 'string')

const quoted = (names: unknown, atMost: number): string =>
  [names]
    .flat()
    .slice(0, atMost)
    .map((name) => `'${cut(String(name))}'`)
    .join(', ')

const unexpected = (names: unknown): string =>
  `${quoted(names, 3)} ${Array.isArray(names) && names.length > 1 ? 'were' : 'was'} unexpected`

/** A value in an error text: shortened, and hidden when it may hold credentials. */
const HIDDEN = ['control_attributes', 'password', 'secret', 'token']

function shown(field: string, value: unknown): string {
  if (HIDDEN.includes(field)) return '***'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'string') return `'${cut(value)}'`
  return cut(JSON.stringify(value) ?? 'nothing')
}

const cut = (text: string): string =>
  text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`
