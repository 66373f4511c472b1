/** Asks the gateway, with the value against forgery, and tells when the session is over. */
/** @import { SessionInfo } from './api-shapes.ts' */

/** What the gateway answered instead of what was asked for. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} text
   */
  constructor(status, text) {
    super(text)
    this.status = status
  }
}

/** @type {SessionInfo | undefined} */
let session

/** @type {() => void} */
let onLost = () => {}

/** @param {() => void} listener called when the session has ended */
export function whenSessionEnds(listener) {
  onLost = listener
}

/** @param {SessionInfo | undefined} next */
export function takeSession(next) {
  session = next
}

/**
 * Whether the policy allows the person an action.
 * @param {string} action
 */
export const may = (action) => session?.actions.includes(action) ?? false

/**
 * @template Answer
 * @param {'GET' | 'POST' | 'PUT' | 'DELETE'} method
 * @param {string} path relative to `/console/`
 * @param {unknown} [body]
 * @returns {Promise<Answer>} ApiError
 */
export async function call(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = { accept: 'application/json' }
  if (session !== undefined) headers['x-csrf-token'] = session.csrf
  if (body !== undefined) headers['content-type'] = 'application/json'
  const payload = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await reach(path, { method, headers, cache: 'no-store', ...payload })
  const text = await response.text()
  const value = decoded(text)
  if (response.ok) return value
  if (response.status === 401 && session !== undefined) onLost()
  throw new ApiError(
    response.status,
    messageIn(value) ?? `The gateway answered ${response.status}.`,
  )
}

/**
 * @param {string} path
 * @param {RequestInit} request
 */
async function reach(path, request) {
  try {
    return await fetch(path, request)
  } catch {
    throw new ApiError(0, 'The gateway cannot be reached. Check the network, and try again.')
  }
}

/**
 * @template Answer
 * @param {string} path
 * @returns {Promise<Answer>}
 */
export const get = (path) => call('GET', path)

/** @param {string} text */
function decoded(text) {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The sentence in a fault of the API.
 * @param {unknown} value
 * @returns {string | undefined}
 */
function messageIn(value) {
  if (typeof value !== 'object' || value === null) return undefined
  const [inner] = Object.values(value)
  return typeof inner?.message === 'string' ? inner.message : undefined
}

/**
 * All rows of a list, page by page, up to a bound.
 * @template Row
 * @param {string} path
 * @param {string} member of the answer
 * @param {(row: Row) => string} markerOf
 * @returns {Promise<Row[]>}
 */
export async function everyRow(path, member, markerOf) {
  /** @type {Row[]} */
  const rows = []
  for (let page = 0; page < 20; page += 1) {
    const last = rows.at(-1)
    const marker = last === undefined ? '' : `&marker=${encodeURIComponent(markerOf(last))}`
    const joint = path.includes('?') ? '&' : '?'
    /** @type {Record<string, any>} */
    const answer = await get(`${path}${joint}limit=1000${marker}`)
    const found = answer[member] ?? []
    rows.push(...found)
    if (found.length < 1000) break
  }
  return rows
}
