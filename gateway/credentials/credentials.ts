/**
 * Credentials in `control_attributes`: checked when a caller sends them, and kept when a caller
 * sends the masked text back.
 */
import { parseControlAttributes } from '../../schema/control-attributes.ts'
import { isFields, readSettings, type Fields } from '../../schema/settings-document.ts'
import { invalidField } from '../input/validation.ts'
import { HIDDEN, shownToAdmins } from './mask.ts'

const FIELD = 'control_attributes'
/** A problem may quote names from the text, which can be long. */
const PROBLEM_LENGTH_MAX = 1000

/**
 * The text to store. A masked value stands for the stored value. INPUT_INVALID when nothing is
 * stored for a masked value, when our settings cannot be used or have names that nothing reads, or
 * when the text exceeds its bounds. Every other text is a label, which Masakari allows.
 */
export function credentialsToStore(sent: string, stored: string | undefined): string {
  if (stored !== undefined && sent === shownToAdmins(stored)) return stored
  const document = readSettings(sent)
  if (sent === HIDDEN)
    throw refused('It is masked, and no text is stored that the mask could stand for')
  if (document.kind === 'label') return sent
  if (document.kind === 'unreadable') {
    if (document.why === 'malformed') return sent // treated like a label
    throw refused(`It cannot be read: ${document.reason}`)
  }
  const text = withStored(sent, stored ?? '')
  const { problems } = parseControlAttributes(text)
  if (problems.length > 0) throw refused(problems.join('; '))
  return text
}

const refused = (text: string): Error =>
  invalidField(FIELD, undefined, text.slice(0, PROBLEM_LENGTH_MAX))

/** Our settings have three levels; an object below them is never masked in part. */
function withStored(sent: string, stored: string): string {
  const fields = fieldsOf(sent)
  const isMasked = JSON.stringify(fields).includes(`"${HIDDEN}"`)
  return isMasked ? JSON.stringify(restored(fields, fieldsOf(stored), '')) : sent
}

function fieldsOf(text: string): Fields {
  const document = readSettings(text)
  if (document.kind === 'ours') return document.fields
  return document.kind === 'foreign' && isFields(document.value) ? document.value : {}
}

const restored = (fields: Fields, stored: Fields, path: string): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const old = Object.hasOwn(stored, name) ? stored[name] : undefined
      if (isFields(value)) {
        return [name, restored(value, isFields(old) ? old : {}, `${path}${name}.`)]
      }
      return [name, value === HIDDEN ? kept(`${path}${name}`, old) : value]
    }),
  )

function kept(path: string, old: unknown): unknown {
  if (old !== undefined && old !== HIDDEN) return old
  throw refused(`${path} is masked, and no value is stored that the mask could stand for`)
}
