/** Calls of the Instance HA API: one answer, all pages of a list, and sentences about refusals. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import { CodedError } from '../../schema/errors.ts'
import { faultText } from '../../transports/openstack/answer-decoder.ts'
import type { HttpClient } from '../../transports/openstack/http-client.ts'
import type { ApiSession } from './login.ts'

/** One object of an answer, as the API wrote it. */
export type Row = Readonly<Record<string, unknown>>
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** API_UNAVAILABLE, API_REFUSED. */
export interface Api {
  /** The object under the one key of the answer, such as `segment`. */
  get(path: string, key: string, query?: Query): Promise<Row>
  /** The whole answer. */
  whole(path: string): Promise<Row>
  /** The rows of all pages, at most so many. */
  list(path: string, key: string, query?: Query, most?: number): Promise<readonly Row[]>
  send(method: 'POST' | 'PUT', path: string, body: Row): Promise<Row>
  delete(path: string): Promise<void>
}

/** The version with operator commands, plans, policies and progress. */
const MICROVERSION = '1.4'
const REQUEST_MS_MAX = 60_000
const PAGE = 500

export interface ApiDependencies {
  readonly client: HttpClient
  readonly clock: ClockPort
  readonly signal: AbortSignal
}

/** A client of one session. */
export function apiOf(session: ApiSession, { client, clock, signal }: ApiDependencies): Api {
  const call = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: Row,
  ): Promise<Row> => {
    const outcome = await client.exchange(
      {
        method,
        url: `${session.url}${path}`,
        headers: {
          Accept: 'application/json',
          'OpenStack-API-Version': `instance-ha ${MICROVERSION}`,
          ...(session.token === undefined ? {} : { 'X-Auth-Token': session.token }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      { deadlineMs: clock.monotonicMs() + REQUEST_MS_MAX, signal },
    )
    if (outcome.kind !== 'answered') {
      const doubt =
        method !== 'GET' && outcome.kind === 'unanswered'
          ? '; it may have done what it was asked for: look before you repeat it'
          : '; check that a gateway runs there'
      const text = `the Instance HA API cannot be reached at ${session.url} (${outcome.detail})${doubt}`
      throw new CodedError('API_UNAVAILABLE', text, { cause: outcome.cause })
    }
    if (outcome.status >= 300) throw refusal(session.url, outcome.status, outcome.text)
    return outcome.text === '' ? {} : objectIn(outcome.text, session.url)
  }
  return {
    whole: (path) => call('GET', path),
    get: async (path, key, query = {}) =>
      rowOf((await call('GET', `${path}${textOf(query)}`))[key]),
    async list(path, key, query = {}, most = Number.POSITIVE_INFINITY) {
      const rows: Row[] = []
      let marker: string | undefined
      while (rows.length < most) {
        const limit = Math.min(PAGE, most - rows.length)
        const answer = await call('GET', `${path}${textOf({ ...query, limit, marker })}`)
        const page = answer[key]
        if (Array.isArray(page)) rows.push(...page.map(rowOf))
        marker = markerIn(answer['links'])
        if (marker === undefined) break
      }
      return rows
    },
    send: (method, path, body) => call(method, path, body),
    delete: async (path) => void (await call('DELETE', path)),
  }
}

function textOf(query: Query): string {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as const],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(Object.fromEntries(given)).toString()}`
}

const rowOf = (value: unknown): Row => Object(value)

/** The marker of the link to the next page. */
function markerIn(links: unknown): string | undefined {
  if (!Array.isArray(links)) return undefined
  const href: unknown = links.map(rowOf).find(({ rel }) => rel === 'next')?.['href']
  if (typeof href !== 'string') return undefined
  return URL.parse(href)?.searchParams.get('marker') ?? undefined
}

function objectIn(text: string, url: string): Row {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return rowOf(value)
  } catch (cause) {
    throw notOurs(url, cause)
  }
  throw notOurs(url)
}

const notOurs = (url: string, cause?: unknown): CodedError =>
  new CodedError(
    'API_UNAVAILABLE',
    `what answers at ${url} is not the Instance HA API: check the endpoint in the catalogue`,
    { cause },
  )

function refusal(url: string, status: number, text: string): CodedError {
  if (status === 401) {
    return new CodedError(
      'API_REFUSED',
      `the Instance HA API at ${url} does not accept the token: it is wrong or has expired; log in again, or issue a new token`,
    )
  }
  const answer = faultText(text).replace(/\.$/, '')
  if (status === 403) {
    const mend = '; ask for the role that the policy wants, usually admin'
    return new CodedError('API_REFUSED', `${answer}${answer.startsWith('Policy') ? mend : ''}`)
  }
  if (status === 406) {
    const text = `the service at ${url} does not know microversion ${MICROVERSION}: it is Masakari, or too old`
    return new CodedError('API_REFUSED', text)
  }
  return status >= 500
    ? new CodedError(
        'API_UNAVAILABLE',
        `the Instance HA API answered ${status}: ${answer}; try again later`,
      )
    : new CodedError('API_REFUSED', `${answer} (${status})`)
}
