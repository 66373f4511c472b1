/** What `tap` is asked for on its command line. */
import { parseTime } from '../../gateway/views/times.ts'
import { CATALOGUE } from '../../schema/messages/catalogue.ts'
import { subjectToken } from '../../schema/messages/codec.ts'
import { adviceFor, shownName } from '../../schema/nearest-name.ts'
import type { MessageFilter } from './message-filter.ts'

/** The options and the argument, as they were typed. */
export interface TapArguments {
  readonly config: string
  readonly subject: string | undefined
  readonly host: string | undefined
  readonly instance: string | undefined
  readonly notification: string | undefined
  readonly kind: string | undefined
  readonly sender: string | undefined
  readonly since: string | undefined
  readonly json: boolean
}

export interface TapRequest {
  /** Below `ha.<cloud>.`, or with it; with wildcards. */
  readonly subject: string
  readonly filter: MessageFilter
  /** Wall ms. */
  readonly since: number | undefined
  readonly json: boolean
}

/** The request, or what is wrong with it. */
export function readTapArguments(asked: TapArguments, nowMs: number): TapRequest | string {
  const { config: _config, subject = '>', since: sinceText, json, ...filter } = asked
  if (!/^(?:[^\s.*>]+|\*)(?:\.(?:[^\s.*>]+|\*))*(?:\.>)?$|^>$/.test(subject)) {
    return `subject ${shownName(subject)}: use tokens with dots between them; * is one token, a final > one or more`
  }
  const kindProblem = problemOfKind(filter.kind)
  if (kindProblem !== undefined) return kindProblem
  const since = sinceText === undefined ? undefined : parseSince(sinceText, nowMs)
  if (sinceText !== undefined && since === undefined) {
    return `--since ${shownName(sinceText)}: use a duration like 90s, 10m, 2h or 7d, or a time like 2026-11-22T08:35:00 (UTC)`
  }
  return { subject, filter, since, json }
}

function problemOfKind(kind: string | undefined): string | undefined {
  const known = Object.keys(CATALOGUE)
  if (kind === undefined) return undefined
  if (known.some((type) => type === kind || type.startsWith(`${kind}.`))) return undefined
  return `--kind ${shownName(kind)}: there is no such message; ${adviceFor(kind, known)}`
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Wall ms of a duration before now, or of a time; undefined for any other text. */
export function parseSince(text: string, nowMs: number): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (count === undefined) return parseTime(text)
  return nowMs - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS] // the pattern has no other one
}

/** The full subject: `observation.>` becomes `ha.<cloud>.observation.>`. */
export const subjectIn = (cloud: string, subject: string): string =>
  subject === 'ha' || subject.startsWith('ha.') ? subject : `ha.${subjectToken(cloud)}.${subject}`
