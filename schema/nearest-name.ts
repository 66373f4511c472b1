/** Which known name somebody meant by an unknown one. */
import { distance } from 'fastest-levenshtein'

/** Longer names are cut: the time grows with the product of both lengths. */
const LENGTH_MAX = 64

/** The known name that is most like an unknown one; undefined when none is like it. */
export function nearestName(unknown: string, known: Iterable<string>): string | undefined {
  return closest(unknown, known, 3)
}

/** The known name that an unknown one can hardly be anything else than: at most a quarter of its letters differ. */
export function misspeltName(unknown: string, known: Iterable<string>): string | undefined {
  return closest(unknown, known, 4)
}

/** What to do about an unknown name: the nearest known one, else all of them. */
export function adviceFor(unknown: string, known: readonly string[]): string {
  const nearest = nearestName(unknown, known)
  return nearest === undefined ? `known: ${known.join(', ')}` : `did you mean ${nearest}?`
}

/** A name from outside, fit for a sentence. */
export const shownName = (name: string): string =>
  name.slice(0, LENGTH_MAX).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')

/** One letter in so many may differ. */
type Tolerance = 3 | 4

function closest(unknown: string, known: Iterable<string>, one: Tolerance): string | undefined {
  const wanted = lettersOf(unknown)
  const ranked = [...known]
    .map((name) => ({ name, rank: rankOf(wanted, lettersOf(name), one) }))
    .filter(({ rank }) => Number.isFinite(rank))
    .toSorted((one, other) => one.rank - other.rank)
  return ranked[0]?.name
}

/** 0 when only case and punctuation differ; infinite when the names are not alike. */
function rankOf(wanted: string, name: string, one: Tolerance): number {
  const differing = distance(wanted, name)
  if (differing <= Math.floor(Math.max(wanted.length, name.length) / one)) return differing
  // `cipher` for `cipher_suite`: a name that was cut short, or made longer.
  const [shorter, longer] = wanted.length < name.length ? [wanted, name] : [name, wanted]
  const isCut = one === 3 && shorter.length >= 3 && longer.startsWith(shorter)
  return isCut ? CUT_RANK : Number.POSITIVE_INFINITY
}

/** After names that differ by a letter or two. */
const CUT_RANK = 2.5

/** `hostKey`, `host-key` and `HOST_KEY` are one name. */
const lettersOf = (name: string): string =>
  name
    .slice(0, LENGTH_MAX)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
