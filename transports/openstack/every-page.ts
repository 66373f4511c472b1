/** Walks the pages of one of Nova's lists to the end. */
import { CodedError } from '../../schema/errors.ts'

interface NovaPage<Item> {
  readonly items: readonly Item[]
  readonly links: readonly { readonly rel: string }[] | undefined
  /** Id of the last item: the marker of the next page. */
  readonly last: string | undefined
}

/** A host has hundreds of instances, a page has a thousand: more than this is a list that never ends. */
const PAGES_MAX = 100

/** All items; `read` gets the query of the page to read. COMPUTE_UNAVAILABLE for a list without end. */
export async function everyPage<Item>(
  read: (query: Readonly<Record<string, string>>) => Promise<NovaPage<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = []
  let query: Readonly<Record<string, string>> = {}
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const page = await read(query)
    items.push(...page.items)
    const more = page.links?.some((link) => link.rel === 'next') === true
    if (!more || page.last === undefined) return items
    query = { marker: page.last }
  }
  throw new CodedError('COMPUTE_UNAVAILABLE', `a list of more than ${PAGES_MAX} pages`)
}
