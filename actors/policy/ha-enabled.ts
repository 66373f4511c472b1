/** Whether the owner of an instance has marked it as one that is to be recovered. Pure. */

/** The words that oslo.utils' `bool_from_string` reads as true. */
const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'on', 'y', 'yes'])

/** Whether the owner marked the instance. */
export function isHaEnabled(
  { metadata }: { readonly metadata: Readonly<Record<string, string>> },
  metadataKey: string,
): boolean {
  return TRUE_WORDS.has((metadata[metadataKey] ?? '').trim().toLowerCase())
}
