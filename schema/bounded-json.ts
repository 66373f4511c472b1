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
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        // The characters inside a string are not counted.
        at = endOfString(text, at)
        break
      case CLOSES_OBJECT:
      case CLOSES_LIST:
        depth -= 1
        break
      case OPENS_OBJECT:
      case OPENS_LIST:
        depth += 1
        if (depth > bounds.depth) return `is nested deeper than ${bounds.depth} levels`
        members += 1
        break
      case COMMA:
        // A container has one member more than it has commas, or it is empty.
        members += 1
        break
      default:
        continue
    }
    if (members > bounds.members) return `has more than ${bounds.members} members`
  }
  return undefined
}

const QUOTE = 0x22
const COMMA = 0x2c
const OPENS_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSES_LIST = 0x5d
const OPENS_OBJECT = 0x7b
const CLOSES_OBJECT = 0x7d

/** The place of the quote that ends the string; a string without an end reaches to the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at += 1
  }
  return text.length
}
