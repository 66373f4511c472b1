/** Reads JSON from outside within bounds. They are checked on the text, so what exceeds them is never parsed. */

export interface JsonBounds {
  /** Longest text. */
  readonly characters: number
  /** Objects and lists inside each other. What is read may be walked recursively to this depth. */
  readonly depth: number
  /** Members of all objects and items of all lists together. */
  readonly members: number
}

export type JsonReading =
  | { readonly kind: 'read'; readonly value: unknown }
  /** `reason` repeats nothing of the text; it completes a sentence that begins with the name of the text. */
  | { readonly kind: 'malformed' | 'excessive'; readonly reason: string }

/** The value of a text, or why it is not read. */
export function readBoundedJson(text: string, bounds: JsonBounds): JsonReading {
  const reason = excess(text, bounds)
  if (reason !== undefined) return { kind: 'excessive', reason }
  try {
    return { kind: 'read', value: JSON.parse(text) }
  } catch {
    return { kind: 'malformed', reason: 'is not JSON' } // the cause quotes the text
  }
}

function excess(text: string, bounds: JsonBounds): string | undefined {
  if (text.length > bounds.characters) return `is longer than ${bounds.characters} characters`
  let depth = 0
  let members = 0
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '}' || token === ']') depth -= 1
    else if (token === '{' || token === '[') depth += 1
    // Each container has one member more than it has commas, or none.
    if (token === '{' || token === '[' || token === ',') members += 1
    if (depth > bounds.depth) return `is nested deeper than ${bounds.depth} levels`
    if (members > bounds.members) return `has more than ${bounds.members} members`
  }
  return undefined
}

/**
 * Strings, so that what is inside them does not count, and what opens, closes or continues a container. A string without
 * an end goes on to the end of the text, which keeps the time linear.
 */
const TOKENS = /"(?:[^"\\]+|\\.)*"?|[{}[\],]/gs
