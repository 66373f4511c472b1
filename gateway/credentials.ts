/** Credentials in `control_attributes`: checked when they come, without passwords when they go, kept when sent back so. */
import { parseControlAttributes } from '../schema/control-attributes.ts'
import { invalidField } from './input.ts'
import { HIDDEN, isFields, type Fields } from './mask.ts'

const FIELD = 'control_attributes'
/** Names of fields whose values open something; fence agents spell them in both ways. */
const SECRET = /^(password|passwd)$/

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

/** At any depth: settings are flat, in `ipmi` and `ssh`, or those of fence agents in `fence.<agent>`. */
const somePassword = (fields: Fields, test: Test): boolean =>
  Object.entries(fields).some(([name, value]) =>
    isFields(value) ? somePassword(value, test) : SECRET.test(name) && test(value),
  )

const hasPassword = (fields: Fields): boolean => somePassword(fields, () => true)

const isMasked = (fields: Fields): boolean => somePassword(fields, (value) => value === HIDDEN)

const masked = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (isFields(value)) return [name, masked(value)]
      return [name, SECRET.test(name) ? HIDDEN : value]
    }),
  )

const restored = (fields: Fields, stored: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const old = stored[name]
      if (isFields(value)) return [name, restored(value, isFields(old) ? old : {})]
      return [name, SECRET.test(name) ? kept(value, old) : value]
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
