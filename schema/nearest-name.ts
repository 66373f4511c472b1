/** Finds the known name that was probably meant by an unknown one. */
import { distance } from 'fastest-levenshtein'

/** Longer names are cut, because the time grows with the product of both lengths. */
const LENGTH_MAX = 64

/** The known name that is most similar to an unknown one; undefined when none is similar. */
export function nearestName(unknown: string, known: Iterable<string>): string | undefined {
  return closest(unknown, known, 3)
}

/**
 * The known name that an unknown one almost certainly means: at most a quarter of its letters
 * differ.
 */
export function misspeltName(unknown: string, known: Iterable<string>): string | undefined {
  return closest(unknown, known, 4)
}

/** Advice about an unknown name: the nearest known name, or all known names when none is near. */
export function adviceFor(unknown: string, known: readonly string[]): string {
  const nearest = nearestName(unknown, known)
  return nearest === undefined ? `known: ${known.join(', ')}` : `did you mean ${nearest}?`
}

/** A name from outside, cut and cleaned so that a sentence can quote it. */
export const shownName = (name: string): string =>
  name.slice(0, LENGTH_MAX).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')

/** One letter in this many may differ. */
type Tolerance = 3 | 4

function closest(unknown: string, known: Iterable<string>, one: Tolerance): string | undefined {
  const wanted = lettersOf(unknown)
  const ranked = [...known]
    .map((name) => ({ name, rank: rankOf(wanted, lettersOf(name), one) }))
    .filter(({ rank }) => Number.isFinite(rank))
    .toSorted((one, other) => one.rank - other.rank)
  return ranked[0]?.name
}

/** 0 when only case and punctuation differ; infinite when the names are not similar. */
function rankOf(wanted: string, name: string, one: Tolerance): number {
  const differing = distance(wanted, name)
  if (differing <= Math.floor(Math.max(wanted.length, name.length) / one)) return differing
  // The name was cut short or made longer, as `cipher` for `cipher_suite`.
  const [shorter, longer] = wanted.length < name.length ? [wanted, name] : [name, wanted]
  const isCut = one === 3 && shorter.length >= 3 && longer.startsWith(shorter)
  return isCut ? CUT_RANK : Number.POSITIVE_INFINITY
}

/** Such a name ranks after names that differ by one or two letters. */
const CUT_RANK = 2.5

/** `hostKey`, `host-key` and `HOST_KEY` count as the same name. */
const lettersOf = (name: string): string =>
  name
    .slice(0, LENGTH_MAX)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
