/** Times as text. */

/** A wall-clock time in milliseconds as ISO 8601 text in UTC with milliseconds. */
export function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
