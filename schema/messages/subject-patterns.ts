/** Patterns of subjects, as tokens: `*` is one token, a final `>` one or more (NATS documentation, "Subject-Based Messaging"). */

/** Whether all that `covered`, a subject or a pattern, matches is matched by the pattern as well. */
export function covers(pattern: readonly string[], covered: readonly string[]): boolean {
  const open = pattern.at(-1) === '>'
  const fixed = open ? pattern.length - 1 : pattern.length
  if (open ? covered.length <= fixed : covered.length !== fixed) return false
  for (let index = 0; index < fixed; index += 1) {
    const token = covered[index]
    if (token === '>' || (pattern[index] !== '*' && pattern[index] !== token)) return false
  }
  return true
}

/** Whether some subject is matched by both. */
export function overlap(one: readonly string[], other: readonly string[]): boolean {
  for (const [index, token] of one.entries()) {
    const beside = other[index]
    if (beside === undefined) return false
    if (token === '>' || beside === '>') return true
    if (token !== '*' && beside !== '*' && token !== beside) return false
  }
  return one.length === other.length
}
