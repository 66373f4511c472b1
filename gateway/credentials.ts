/** Credentials in `control_attributes`: checked when they come, without passwords when they go, kept when sent back so. */
import { parseControlAttributes } from '../schema/control-attributes.ts'
import { invalidField } from './input.ts'
import { HIDDEN, isFields, type Fields } from './mask.ts'

const FIELD = 'control_attributes'
const PASSWORD = 'password'

/** The text for administrators: as it is stored, but for the passwords. */
export function withoutPasswords(stored: string): string {
  const fields = fieldsOf(stored)
  return fields !== undefined && hasPassword(fields) ? JSON.stringify(masked(fields)) : stored
}

/**
 * The text to store: a masked password means the one that is stored already. INPUT_INVALID when there is none, and when
 * settings of IPMI or SSH cannot be used; every other text is a label, as Masakari allows.
 */
export function credentialsToStore(sent: string, stored: string | undefined): string {
  if (stored !== undefined && sent === withoutPasswords(stored)) return stored
  const fields = fieldsOf(sent)
  if (fields === undefined) return sent
  const text = isMasked(fields)
    ? JSON.stringify(restored(fields, fieldsOf(stored ?? '') ?? {}))
    : sent
  const { problems } = parseControlAttributes(text)
  if (problems.length > 0) throw invalidField(FIELD, sent, problems.join('; '))
  return text
}

function fieldsOf(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined // a label
  }
}

type Test = (value: unknown) => boolean

/** Settings are flat, or one level down in `ipmi` and `ssh`. */
const somePassword = (fields: Fields, test: Test): boolean =>
  Object.entries(fields).some(([name, value]) =>
    isFields(value) ? test(value[PASSWORD]) : name === PASSWORD && test(value),
  )

const hasPassword = (fields: Fields): boolean =>
  somePassword(fields, (value) => value !== undefined)

const isMasked = (fields: Fields): boolean => somePassword(fields, (value) => value === HIDDEN)

const masked = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (isFields(value)) return [name, PASSWORD in value ? { ...value, password: HIDDEN } : value]
      return [name, name === PASSWORD ? HIDDEN : value]
    }),
  )

const restored = (fields: Fields, stored: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const old = stored[name]
      if (!isFields(value)) return [name, name === PASSWORD ? kept(value, old) : value]
      if (value[PASSWORD] !== HIDDEN) return [name, value]
      const inner = isFields(old) ? old[PASSWORD] : undefined
      return [name, { ...value, password: kept(HIDDEN, inner) }]
    }),
  )

function kept(value: unknown, old: unknown): unknown {
  if (value !== HIDDEN) return value
  if (typeof old === 'string') return old
  throw invalidField(
    FIELD,
    value,
    'The password is masked, and none is stored that it could stand for',
  )
}
