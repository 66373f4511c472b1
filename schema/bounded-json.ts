/**
 * Reads JSON from outside within bounds. The bounds are checked on the text, so a text that exceeds
 * them is never parsed.
 */

export interface JsonBounds {
  /** Longest text. */
  readonly characters: number
  /**
   * How deeply objects and lists may contain each other. Callers may walk the value recursively to
   * this depth.
   */
  readonly depth: number
  /** The members of all objects and the items of all lists, counted together. */
  readonly members: number
}

export type JsonReading =
  | { readonly kind: 'read'; readonly value: unknown }
  /**
   * `reason` quotes nothing of the text. It completes a sentence that begins with the name of the
   * text.
   */
  | { readonly kind: 'malformed' | 'excessive'; readonly reason: string }

/** The value of a text, or the reason why it is not read. */
export function readBoundedJson(text: string, bounds: JsonBounds): JsonReading {
  const reason = excess(text, bounds)
  if (reason !== undefined) return { kind: 'excessive', reason }
  try {
    return { kind: 'read', value: JSON.parse(text) }
  } catch {
    return { kind: 'malformed', reason: 'is not JSON' } // no `cause`: its message quotes the text
  }
}

function excess(text: string, bounds: JsonBounds): string | undefined {
  if (text.length > bounds.characters) return `is longer than ${bounds.characters} characters`
  let depth = 0
  let members = 0
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '}' || token === ']') depth -= 1
    else if (token === '{' || token === '[') depth += 1
    // A container has one member more than it has commas, or it is empty.
    if (token === '{' || token === '[' || token === ',') members += 1
    if (depth > bounds.depth) return `is nested deeper than ${bounds.depth} levels`
    if (members > bounds.members) return `has more than ${bounds.members} members`
  }
  return undefined
}

/**
 * Matches strings, so that the characters inside them are not counted, and the characters that
 * open, close or continue a container. A string without an end reaches to the end of the text, so
 * the time stays linear.
 */
const TOKENS = /"(?:[^"\\]+|\\.)*"?|[{}[\],]/gs
