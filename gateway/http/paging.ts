/** Lists: the limit, marker and order that clients send, and the link to the next page. */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Page } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import { isUuid } from '../../schema/ids.ts'
import { linkBase, type LinkOptions } from './links.ts'

/** A query parameter that may be given more than once. */
export const QueryText = Type.Optional(
  Type.Unsafe<string | string[]>({ type: ['string', 'array'], items: { type: 'string' } }),
)
type QueryValue = string | readonly string[] | undefined

/** Parameters of every list. */
export const PageQuery = {
  limit: QueryText,
  marker: QueryText,
  sort_key: QueryText,
  sort_dir: QueryText,
}

/** `rel: next`, present only when there are more rows. */
export const NextLink = Type.Optional(
  Type.Array(Type.Object({ rel: Type.Literal('next'), href: Type.String() })),
)

/** The largest page, and how links begin. */
export interface ListOptions extends LinkOptions {
  readonly maxLimit: number
}

const STAMP_KEYS = ['id', 'created_at', 'updated_at', 'deleted_at', 'deleted']

interface PageParameters {
  readonly limit?: QueryValue
  readonly marker?: QueryValue
  readonly sort_key?: QueryValue
  readonly sort_dir?: QueryValue
}

/** The value of a parameter that counts once: when it is repeated, the last one. */
export const lastOf = (value: QueryValue): string | undefined =>
  typeof value === 'string' ? value : value?.at(-1)

/**
 * Decodes the paging parameters. `columns` are the sort keys of the resource in addition to the
 * stamps.
 */
export function pageOf(
  query: PageParameters,
  columns: readonly string[],
  options: ListOptions,
): Page {
  const marker = lastOf(query.marker)
  if (marker !== undefined) requireMarker(marker)
  return {
    limit: limitOf(lastOf(query.limit), options.maxLimit),
    ...(marker === undefined ? {} : { marker }),
    sort: sortOf(allOf(query.sort_key), allOf(query.sort_dir), [...STAMP_KEYS, ...columns]),
  }
}

interface Listing<Row> {
  readonly rows: readonly Row[]
  readonly next: { readonly links?: { rel: 'next'; href: string }[] }
}

/** Reads one row more than was asked for. That row shows whether there is a next page. */
export async function listPage<Row extends { readonly id: number | string }>(
  request: FastifyRequest,
  options: ListOptions,
  page: Page,
  read: (page: Page) => Promise<readonly Row[]>,
): Promise<Listing<Row>> {
  if (page.limit === 0) return { rows: [], next: {} }
  const found = await read({ ...page, limit: page.limit + 1 })
  const rows = found.slice(0, page.limit)
  const last = rows.at(-1)
  if (last === undefined || found.length <= page.limit) return { rows, next: {} }
  const [path = '', query = ''] = request.originalUrl.split('?', 2)
  const parameters = new URLSearchParams(query)
  parameters.set('limit', String(page.limit))
  parameters.set('marker', String(last.id))
  const href = `${linkBase(request, options)}${path}?${parameters.toString()}`
  return { rows, next: { links: [{ rel: 'next', href }] } }
}

function limitOf(text: string | undefined, maxLimit: number): number {
  if (text === undefined) return maxLimit
  if (/^\d+$/.test(text)) return Math.min(Number(text), maxLimit)
  const rule = /^-\d+$/.test(text) ? 'limit must be >= 0' : 'limit must be an integer'
  throw refused(`Invalid input received: ${rule}`)
}

function requireMarker(marker: string): void {
  if (/^\d{1,15}$/.test(marker) || isUuid(marker)) return
  throw new CodedError('MARKER_NOT_FOUND', `Marker ${marker.slice(0, 64)} could not be found.`)
}

type Sort = Page['sort']

function sortOf(
  keys: readonly string[],
  directions: readonly string[],
  allowed: readonly string[],
): Sort {
  const chosen = keys.length === 0 ? ['created_at'] : keys
  const unknown = chosen.find((key) => !allowed.includes(key))
  if (unknown !== undefined) {
    throw refused(`Sort key supplied is invalid: sort_key ${unknown.slice(0, 64)}`)
  }
  const wanted = directions.map(directionOf)
  if (wanted.length > chosen.length) {
    throw refused('Sort direction array size exceeds sort key array size: sort_dir')
  }
  const [first = 'desc'] = wanted
  const sort = chosen.map((key, index) => ({ key, direction: wanted[index] ?? first }))
  const ties = ['created_at', 'id']
    .filter((key) => !chosen.includes(key))
    .map((key) => ({ key, direction: first }))
  return firstOfEach([...sort, ...ties])
}

const firstOfEach = (sort: Sort): Sort =>
  sort.filter(({ key }, index) => sort.findIndex((other) => other.key === key) === index)

function directionOf(text: string): 'asc' | 'desc' {
  if (text === 'asc' || text === 'desc') return text
  throw refused(`Unknown sort direction, must be 'asc' or 'desc': sort_dir '${text.slice(0, 64)}'`)
}

const allOf = (value: QueryValue): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

const refused = (text: string): CodedError => new CodedError('INPUT_INVALID', text)
