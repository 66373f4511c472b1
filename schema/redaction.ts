/**
 * Removes given secret values from the output of a program, in every spelling that programs use.
 */

/** The text that replaces a hidden value. */
export const REDACTED = '***'

/** Values that say yes, no or very little. Removing them would only make the text unreadable. */
const PLAIN_WORDS = new Set(['', '0', '1', 'on', 'off', 'yes', 'no', 'true', 'false'])
/**
 * A shorter value is removed only where it stands alone, because it occurs by chance within other
 * words.
 */
const ANYWHERE_FROM_CHARACTERS = 4
/** Shorter pieces of base64 or hexadecimal digits occur by chance. */
const PIECE_CHARACTERS_MIN = 4

/**
 * Returns a function that hides these values in a text: plain, quoted for a shell, in C, JSON, HTML
 * or URLs (also when only some characters are escaped), as hexadecimal digits, and in base64, alone
 * or within a longer text. Hide the values before you cut a text: a part of a value is not
 * recognised.
 */
export function redactorOf(values: Iterable<string>): (text: string) => string {
  const spelled = new Set([...values].flatMap((value) => [value, readAs(value)]))
  const hidden = [...spelled].filter((value) => !PLAIN_WORDS.has(value.toLowerCase()))
  const patterns = hidden.flatMap((value) => [
    { pattern: escapedOf(value), isPart: false },
    ...hexadecimalOf(value).map((pattern) => ({ pattern, isPart: false })),
    ...base64Of(value).map((pattern) => ({ pattern, isPart: true })),
  ])
  return (text) => {
    const spans = patterns.flatMap(({ pattern, isPart }) =>
      isPart ? runsAround(text, pattern) : matchesOf(text, pattern),
    )
    return without(text, spans)
  }
}

/** From the index of the first character to the index after the last one. */
type Span = readonly [from: number, to: number]

const matchesOf = (text: string, pattern: RegExp): readonly Span[] =>
  [...text.matchAll(pattern)].map(({ index, 0: { length } }) => [index, index + length])

/**
 * Each match together with the base64 around it, because the neighbouring characters share some
 * bits with the value.
 */
function runsAround(text: string, pattern: RegExp): readonly Span[] {
  const runs: Span[] = []
  let done = 0
  for (const [start, end] of matchesOf(text, pattern)) {
    if (end <= done) continue
    let [from, to] = [start, end]
    while (from > done && isBase64(text[from - 1])) from -= 1
    while (to < text.length && isBase64(text[to])) to += 1
    runs.push([from, to])
    done = to
  }
  return runs
}

const isBase64 = (character: string | undefined): boolean =>
  character !== undefined && /[\w+/=%-]/.test(character)

function without(text: string, spans: readonly Span[]): string {
  let [rest, done] = ['', 0]
  for (const [from, to] of spans.toSorted(([one], [other]) => one - other)) {
    if (from >= done) rest += text.slice(done, from) + REDACTED
    done = Math.max(done, to)
  }
  return rest + text.slice(done)
}

/** Fence agents strip blanks and quotes around a value. */
const readAs = (value: string): string =>
  value
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim()

/** Matches each character as itself or in any of the ways in which programs escape it. */
function escapedOf(value: string): RegExp {
  const body = Array.from(value, escapesOf).join('')
  return value.length >= ANYWHERE_FROM_CHARACTERS
    ? new RegExp(body, 'gu')
    : new RegExp(`(?<![\\p{L}\\p{N}])${body}(?![\\p{L}\\p{N}])`, 'gu')
}

function escapesOf(character: string): string {
  const point = character.codePointAt(0) ?? 0
  const bytes = [...new TextEncoder().encode(character)].map(hexadecimal)
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  const hex = point.toString(16)
  const spellings = [
    bytes.map((byte) => `%(?:25)?${anyCase(byte)}`).join(''),
    bytes.map((byte) => `\\\\{1,2}x${anyCase(byte)}`).join(''),
    bytes
      .map((byte) => `\\\\{1,2}${Number.parseInt(byte, 16).toString(8).padStart(3, '0')}`)
      .join(''),
    units.map((unit) => `\\\\{1,2}u${anyCase(unit.toString(16).padStart(4, '0'))}`).join(''),
    `\\\\{1,2}u\\{0*${anyCase(hex)}\\}`,
    `&#(?:0*${point}|[xX]0*${anyCase(hex)});`,
    ...(OTHER_SPELLINGS.get(character) ?? []),
    `\\\\{0,3}${literal(character)}`, // last, because another spelling may begin with it
  ]
  return `(?:${spellings.join('|')})`
}

const OTHER_SPELLINGS: ReadonlyMap<string, readonly string[]> = new Map([
  [' ', ['\\+']],
  ["'", ["'\\\\''", `'"'"'`, '&apos;']],
  ['"', ['&quot;']],
  ['&', ['&amp;']],
  ['<', ['&lt;']],
  ['>', ['&gt;']],
])

/**
 * Two digits for each byte, in upper or lower case, with an optional separator between the bytes.
 */
function hexadecimalOf(value: string): readonly RegExp[] {
  const bytes = [...new TextEncoder().encode(value)].map(hexadecimal)
  if (bytes.length < PIECE_CHARACTERS_MIN) return []
  return [new RegExp(bytes.join('[ :]?'), 'gi')]
}

/**
 * Base64 spells a value in three ways, depending on whether 0, 1 or 2 other bytes come before it in
 * its group. Characters that also hold bits of other bytes are left out of the pattern. Line breaks
 * may occur inside.
 */
function base64Of(value: string): readonly RegExp[] {
  const bytes = new TextEncoder().encode(value)
  return [0, 1, 2].flatMap((before) => {
    const text = btoa(String.fromCharCode(...new Uint8Array(before), ...bytes))
    const [from, to] = [before * 8, (before + bytes.length) * 8].map((bits) => bits / 6)
    const core = text.slice(Math.ceil(from ?? 0), Math.floor(to ?? 0))
    if (core.length < PIECE_CHARACTERS_MIN) return []
    const body = Array.from(core, (one) => BASE64_SPELLINGS.get(one) ?? one)
    return [new RegExp(body.join('[\\r\\n]*'), 'gu')]
  })
}

const BASE64_SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['+', '(?:[+-]|%2[Bb])'],
  ['/', '(?:[/_]|%2[Ff])'],
])

const hexadecimal = (byte: number): string => byte.toString(16).padStart(2, '0')

const anyCase = (digits: string): string =>
  digits.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)

const literal = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
