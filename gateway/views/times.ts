/** Writes and reads times in the form of the API: UTC without a zone. */

const FORMAT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/

const DAY_SECONDS = 86_400

/**
 * The second of the latest call, with its text: the times of one row usually have the same second.
 */
let known = { second: Number.NaN, text: '', whole: '' }

/**
 * `2026-11-22T07:24:52.123000`. A list of 1,000 rows has 3,000 times, for which `Date` is too slow.
 */
export function timeText(ms: number): string {
  const { text, whole } = secondOf(Math.floor(ms / 1000))
  const rest = Math.trunc(ms) % 1000
  return rest === 0 ? whole : `${text}.${String(1000 + rest).slice(1)}000`
}

function secondOf(second: number): typeof known {
  if (second === known.second) return known
  const day = Math.floor(second / DAY_SECONDS)
  if (day !== today.day) {
    today = { day, text: new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 11) }
  }
  const rest = second - day * DAY_SECONDS
  const minutes = Math.floor(rest / 60)
  const clock = `${digits(Math.floor(minutes / 60))}:${digits(minutes % 60)}:${digits(rest % 60)}`
  const text = today.text + clock
  known = { second, text, whole: `${text}.000000` }
  return known
}

/** The day of the latest call, with its text. */
let today = { day: Number.NaN, text: '' }

const DIGITS = Array.from({ length: 60 }, (_value, index) => String(index).padStart(2, '0'))
const digits = (value: number): string => DIGITS[value] ?? ''

/** `2026-11-22T07:24:52.000000`, because rows have times in whole seconds. */
export const stampText = (ms: number): string => timeText(Math.floor(ms / 1000) * 1000)

/** `2026-11-22 07:15:26.775000`, the form in progress details. */
export const detailTimeText = (ms: number): string => timeText(ms).replace('T', ' ')

/**
 * Milliseconds since 1970 of an ISO 8601 text (UTC unless it has a zone); undefined for any other
 * text.
 */
export function parseTime(text: string): number | undefined {
  const match = FORMAT.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone] = match
  const naive = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const ms = Date.parse(`${naive}Z`)
  // `Date.parse` turns 30 February into a day of March; a real time reads back as it was written.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== naive) return undefined
  const utc = ms + Number(fraction.padEnd(3, '0').slice(0, 3)) - zoneOffsetMs(zone)
  return utc >= 0 && utc <= LAST ? utc : undefined
}

const LAST = Date.UTC(9999, 11, 31, 23, 59, 59)

function zoneOffsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
