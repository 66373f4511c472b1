/** Which page is shown: the part of the address after `#`, with filters as its query. */
import { useEffect, useState } from 'preact/hooks'

/**
 * @typedef {object} Route
 * @property {string} page
 * @property {string} id
 * @property {URLSearchParams} query
 */

/**
 * `#/notifications/<id>?status=running`
 * @param {string} hash
 * @returns {Route}
 */
export function routeOf(hash) {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [page = '', id = ''] = path.split('/')
  return { page: page === '' ? 'fleet' : page, id: decoded(id), query: new URLSearchParams(query) }
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * The address of a page; empty values of the query are left out.
 * @param {string} page
 * @param {string} [id]
 * @param {Record<string, string>} [query]
 */
export function hrefOf(page, id = '', query = {}) {
  const wanted = Object.entries(query).filter(([, value]) => value !== '')
  const text = new URLSearchParams(wanted).toString()
  const path = id === '' ? page : `${page}/${encodeURIComponent(id)}`
  return text === '' ? `#/${path}` : `#/${path}?${text}`
}

/** @returns {Route} */
export function useRoute() {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const follow = () => setHash(location.hash)
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return routeOf(hash)
}
