/** Random subjects and patterns over few tokens, and a simple matching to compare with. */
import * as fc from 'fast-check'

const token = fc.constantFrom('a', 'b', 'c-d', '%2e')

/** Tokens of a subject. */
export const subjectTokens = fc.array(token, { minLength: 1, maxLength: 4 })

/** Tokens of a pattern: `*` anywhere, `>` at the end. */
export const patternTokens = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { minLength: 0, maxLength: 4 }), fc.boolean())
  .map(([tokens, open]) => (open || tokens.length === 0 ? [...tokens, '>'] : tokens))

/** Whether the pattern covers the subject, by a regular expression. */
export function coversByReference(pattern: readonly string[], subject: readonly string[]): boolean {
  const parts = pattern.map((part) => {
    if (part === '*') return '[^.]+'
    return part === '>' ? '.+' : part
  })
  return new RegExp(`^${parts.join('\\.')}$`, 'u').test(subject.join('.'))
}
