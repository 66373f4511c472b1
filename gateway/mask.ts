/** Hides what opens a machine from callers who may only look. */

/** Members of `control_attributes` that are no secret; everything else is hidden. */
const HARMLESS = new Set(['ipmi', 'ssh', 'host', 'port', 'username', 'cipher_suite', 'privilege', 'host_key'])
/** Stands for what is not shown. */
export const HIDDEN = '***'

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** Whether a value is a JSON object. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The text with every secret replaced; text that is not a JSON object is hidden as a whole. */
export function maskControlAttributes(text: string): string {
  if (text === '') return ''
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return HIDDEN
  }
  return isFields(value) ? JSON.stringify(maskFields(value, 0)) : HIDDEN
}

// Settings are two levels deep; what lies deeper is not ours and stays hidden.
const maskFields = (fields: Fields, depth: number): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, maskMember(name, value, depth)]),
  )

function maskMember(name: string, value: unknown, depth: number): unknown {
  if (!HARMLESS.has(name)) return HIDDEN
  if (isFields(value)) return depth === 0 ? maskFields(value, 1) : HIDDEN
  return typeof value === 'string' || typeof value === 'number' ? value : HIDDEN
}
