/** Reads back what the evidence of a recovery says of suspicions (`evidenceOf` in `actors/dedup-window/incident.ts`). */
import type { Doubt } from '../../actors/ports/observations.ts'
import { parseTime } from '../../gateway/views/times.ts'

/** The suspicion that a sentence tells of; undefined for another sentence. */
export function suspicionIn(sentence: string): (Doubt & { readonly observer: string }) | undefined {
  const [, observer, since = '', trace] = SUSPICION.exec(sentence) ?? []
  const sinceWallMs = parseTime(since)
  return observer === undefined || sinceWallMs === undefined
    ? undefined
    : { observer, sinceWallMs, trace }
}

const SUSPICION = /^(.+?): \w+ \(suspected since (\S{24})(?:, trace ([0-9a-f]{32}))?\)/
