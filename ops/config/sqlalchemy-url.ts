/**
 * Splits a URL in the same way as SQLAlchemy. A password may contain any character; percent-encoded
 * characters are decoded.
 */

/**
 * `scheme://user:password@host:port/path?query`. A broker URL has several hosts, each with its own
 * user.
 */
export interface UrlParts {
  readonly scheme: string
  readonly hosts: readonly [UrlHost, ...UrlHost[]]
  /** Without the first slash; empty when the URL has no path. */
  readonly path: string
  readonly query: URLSearchParams
}

export interface UrlHost {
  readonly user: string
  readonly password: string
  /** An IPv6 address is without brackets. */
  readonly host: string
  /** Undefined when the URL has no port. */
  readonly port: number | undefined
}

/** Matches what follows the last credentials: host, port, path, query. */
const REST = /^(\[[0-9a-fA-F:.]+\]|[^[\]/:?#@,]+)(?::(\d{1,5}))?(?:\/([^?@]*))?(?:\?(.*))?$/s

/** Undefined for a text that is not such a URL. */
export function readUrlParts(text: string): UrlParts | undefined {
  const [, scheme, rest] = /^([a-z][\w+]*):\/\/(.*)$/s.exec(text) ?? []
  if (scheme === undefined || rest === undefined) return undefined
  const split = splitAtCredentials(rest)
  if (split === undefined) return undefined
  const hosts = hostsOf(split)
  if (hosts === undefined) return undefined
  const { path = '', query = '' } = split
  return { scheme, hosts, path, query: new URLSearchParams(query) }
}

function hostsOf({ before = [], host, port }: Split): UrlParts['hosts'] | undefined {
  const parts = [...before.slice(0, -1).map(oneHost), hostOf(before.at(-1), host, port)]
  const [first, ...more] = parts.filter((part) => part !== undefined)
  return first === undefined || more.length + 1 < parts.length ? undefined : [first, ...more]
}

interface Split {
  /**
   * The hosts before the last one, complete, and the credentials of the last one; undefined when
   * the URL has no credentials.
   */
  readonly before: readonly string[] | undefined
  readonly host: string
  readonly port: string | undefined
  readonly path: string | undefined
  readonly query: string | undefined
}

/**
 * A password may contain `@`, `/`, `?` and `#`, and a query may contain `@`. The last `@` before a
 * valid host ends the credentials.
 */
function splitAtCredentials(rest: string): Split | undefined {
  for (let at = rest.lastIndexOf('@'); at !== -1; at = rest.lastIndexOf('@', at - 1)) {
    const split = splitRest(rest.slice(at + 1))
    // Commas separate hosts; a comma in a password must be percent-encoded.
    if (split !== undefined) return { ...split, before: rest.slice(0, at).split(',') }
    if (at === 0) break
  }
  return rest.includes('@') ? undefined : splitRest(rest)
}

function splitRest(text: string): Split | undefined {
  const match = REST.exec(text)
  if (match === null) return undefined
  const [, host = '', port, path, query] = match
  return { before: undefined, host, port, path, query }
}

/** One of the hosts before the last one: it may have credentials, but no path and no query. */
function oneHost(text: string): UrlHost | undefined {
  const at = text.lastIndexOf('@')
  const split = splitRest(text.slice(at + 1))
  if (split === undefined || split.path !== undefined || split.query !== undefined) return undefined
  return hostOf(at === -1 ? undefined : text.slice(0, at), split.host, split.port)
}

function hostOf(
  credentials: string | undefined,
  host: string,
  port: string | undefined,
): UrlHost | undefined {
  const [user = '', ...password] = (credentials ?? '').trim().split(':')
  if (port !== undefined && Number(port) > 65_535) return undefined
  return {
    user: unquoted(user),
    password: unquoted(password.join(':')),
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? undefined : Number(port),
  }
}

/** Decodes like Python's `unquote`: a percent sign that does not begin an escape is kept. */
export const unquoted = (text: string): string =>
  text.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  )
