/** How much an instance matters to its owner: a number in its metadata, higher first. */

const PRIORITY_MAX = 1000
/** Of instances that name none: owners may put others before and behind them. */
export const PRIORITY_DEFAULT = 500

/** The priority, and a remark when the owner named one that cannot be used. */
export function readPriority(
  metadata: Readonly<Record<string, string>>,
  key: string,
): { readonly priority: number; readonly note: string | null } {
  const text = metadata[key]?.trim()
  if (text === undefined) return { priority: PRIORITY_DEFAULT, note: null }
  if (/^\d{1,4}$/.test(text) && Number(text) <= PRIORITY_MAX) {
    return { priority: Number(text), note: null }
  }
  const note = `${key} is not a whole number from 0 to ${PRIORITY_MAX}: taken as ${PRIORITY_DEFAULT}`
  return { priority: PRIORITY_DEFAULT, note }
}
