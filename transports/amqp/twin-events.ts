/**
 * Recognises the two notifications that Nova sends of one event with `notification_format = both`: a versioned one and an
 * unversioned one, some milliseconds apart, with different ids. The first of them counts, whichever it is, so nothing is lost
 * when Nova sends only one format. Pure, but for what it remembers.
 */
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { ComputeEvent } from '../../schema/messages/incident.ts'

/** More events than are on their way at the same time. Of one that was forgotten, both notifications count. */
const EVENTS_MAX = 10_000
/** The second notification comes within this time, ms; a later one is of another event. */
const TWIN_MS = 60_000

/** Event types that have other words in the two formats; all others differ only in `compute.`, dots and underscores. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  instancefinishresizestart: 'instanceresizefinishstart',
  instancefinishresizeend: 'instanceresizefinishend',
  libvirterror: 'libvirtconnecterror',
}

/** The same for both types of one event: `compute.instance.resize.prep.end` and `instance.resize_prep.end`. */
export function commonType(eventType: string): string {
  const plain = eventType.replace(/^compute\./, '').replaceAll(/[._]/g, '')
  // A failed task of the conductor: the versioned type says that it is an error.
  if (plain.startsWith('computetask')) return plain.replace(/error$/, '')
  return OTHER_WORDS[plain] ?? plain
}

interface Awaited {
  /** The format of the notifications that came. */
  readonly format: ComputeEvent['format']
  /** How many of them have no twin yet. */
  readonly count: number
  readonly atMs: number
}

/** The notifications whose twins have not come. */
export class TwinEvents {
  readonly #awaited = new BoundedMap<string, Awaited>({
    entriesMax: EVENTS_MAX,
    whenFull: 'drop-oldest',
  })

  /**
   * True when the twin of this notification was noted before, and its own twin was not yet found. One request may change an
   * instance several times: the first notification of one format is the twin of the first one of the other.
   */
  note(
    { format, key }: Pick<ComputeEvent, 'format'> & { readonly key: string },
    nowMs: number,
  ): boolean {
    const known = this.#awaited.get(key)
    const awaited = known !== undefined && nowMs - known.atMs <= TWIN_MS ? known : undefined
    if (awaited === undefined || awaited.format === format) {
      this.#awaited.set(key, { format, count: (awaited?.count ?? 0) + 1, atMs: nowMs })
      return false
    }
    if (awaited.count === 1) this.#awaited.delete(key)
    else this.#awaited.set(key, { ...awaited, count: awaited.count - 1 })
    return true
  }
}
