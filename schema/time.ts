/** Times as text. */

/** ISO 8601 in UTC with milliseconds, from wall-clock milliseconds. */
export function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
