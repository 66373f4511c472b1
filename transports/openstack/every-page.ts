/** Reads all pages of one of Nova's lists. */
import { CodedError } from '../../schema/errors.ts'
import { textIn } from './odd-rows.ts'

interface NovaPage {
  /** The items as they came, not decoded yet. */
  readonly items: readonly unknown[]
  readonly links: readonly { readonly rel: string }[] | undefined
  /** The field of the last item that is the marker of the next page. */
  readonly marker: 'id' | 'uuid'
}

/**
 * The most pages: a host has hundreds of instances, and a page has a thousand. A longer list has no
 * end.
 */
const PAGES_MAX = 100

/**
 * All items; `read` gets the query of the page to read. COMPUTE_UNAVAILABLE for a list without an
 * end, or without a next marker.
 */
export async function everyPage(
  read: (query: Readonly<Record<string, string>>) => Promise<NovaPage>,
): Promise<readonly unknown[]> {
  const items: unknown[] = []
  let query: Readonly<Record<string, string>> = {}
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const page = await read(query)
    items.push(...page.items)
    const more = page.links?.some((link) => link.rel === 'next') === true
    if (!more || page.items.length === 0) return items
    const marker = textIn(page.items.at(-1), page.marker)
    if (marker === undefined) {
      throw new CodedError('COMPUTE_UNAVAILABLE', `the last row of a page has no ${page.marker}`)
    }
    query = { marker }
  }
  throw new CodedError('COMPUTE_UNAVAILABLE', `a list of more than ${PAGES_MAX} pages`)
}
