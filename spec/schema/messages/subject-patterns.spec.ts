/** Patterns of subjects, compared with a simple matching of all subjects of a small alphabet. */
import test from 'ava'
import * as fc from 'fast-check'
import { covers, overlap } from '../../../schema/messages/subject-patterns.ts'
import { holds } from '../../support/holds.ts'
import { coversByReference, patternTokens, subjectTokens } from '../../support/wildcards.ts'

type Tokens = readonly string[]

test('a pattern covers the same subjects as a regular expression', (t) => {
  holds(
    t,
    fc.property(patternTokens, subjectTokens, (pattern, subject) => {
      return covers(pattern, subject) === coversByReference(pattern, subject)
    }),
    { numRuns: 2000 },
  )
})

/** All sequences of one to so many of these tokens. */
function sequences(tokens: Tokens, most: number): readonly Tokens[] {
  const all: Tokens[] = tokens.map((token) => [token])
  for (const sequence of all) {
    if (sequence.length < most) all.push(...tokens.map((token) => [...sequence, token]))
  }
  return all
}

/** With one letter and one token more than the patterns have, so that wildcards differ from what they match. */
const SUBJECTS = sequences(['a', 'b', 'c'], 4)
const PATTERNS = sequences(['a', 'b', '*', '>'], 3).filter(
  (tokens) => !tokens.slice(0, -1).includes('>'),
)

test('a pattern covers another one if it matches all its subjects, and overlaps it if it matches one', (t) => {
  const matched = PATTERNS.map((pattern) => ({
    pattern,
    matches: SUBJECTS.map((subject) => coversByReference(pattern, subject)),
  }))
  const wrong: string[] = []
  for (const one of matched) {
    for (const other of matched) {
      const pair = `${one.pattern.join('.')} and ${other.pattern.join('.')}`
      const isCovered = other.matches.every((matches, index) => !matches || one.matches[index])
      const isMet = other.matches.some((matches, index) => matches && one.matches[index])
      if (covers(one.pattern, other.pattern) !== isCovered) wrong.push(`covers: ${pair}`)
      if (overlap(one.pattern, other.pattern) !== isMet) wrong.push(`overlap: ${pair}`)
    }
  }
  t.deepEqual(wrong, [])
  t.is(matched.length, 3 + 3 * 4 + 3 * 3 * 4 + 1)
})
