/** Reads the URLs of store, bus and message broker in the spellings that OpenStack uses. */
import { Secret } from '../../schema/control-attributes.ts'
import type { BusLocation, StoreLocation } from '../../schema/config/option.ts'

type Reading<Value> = { readonly value: Value } | undefined

const SQLITE = /^sqlite:\/\/\/(.+)$/
const MYSQL = /^(?:mysql|mariadb)(?:\+\w+)?:\/\//

/** A SQLAlchemy URL; parameters after `?` belong to Python's driver and are ignored. */
export function readStore(text: string): Reading<StoreLocation> {
  const path = SQLITE.exec(text)?.[1]
  if (path !== undefined) return { value: { kind: 'sqlite', path } }
  if (text === 'sqlite://') return { value: { kind: 'sqlite', path: ':memory:' } }
  const url = MYSQL.test(text) ? URL.parse(text.replace(MYSQL, 'mysql://')) : null
  return url === null ? undefined : readMysql(url)
}

function readMysql(url: URL): Reading<StoreLocation> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1') // IPv6
  const port = url.port === '' ? 3306 : Number(url.port)
  const user = decoded(url.username)
  const password = decoded(url.password)
  const database = decoded(url.pathname.slice(1))
  if (host === '' || !user || !database || password === undefined) return undefined
  return { value: { kind: 'mysql', host, port, user, password: new Secret(password), database } }
}

/** `memory`, or NATS URLs with commas between them. */
export function readBus(text: string): Reading<BusLocation> {
  if (text === 'memory') return { value: { kind: 'memory' } }
  const servers = text.split(',').map((server) => server.trim())
  const fits = servers.every((server) => {
    const url = URL.parse(server)
    return (
      url !== null &&
      /^(nats|tls):$/.test(url.protocol) &&
      url.hostname !== '' &&
      url.username === '' &&
      /^\/?$/.test(url.pathname)
    )
  })
  return fits ? { value: { kind: 'nats', servers } } : undefined
}

/** An oslo.messaging transport URL: several brokers before one virtual host. One AMQP URL each. */
export function readAmqp(text: string): Reading<readonly [Secret, ...Secret[]]> {
  const parts = /^(?:rabbit|amqp)(s?):\/\/([^/?]+)(?:\/([^?]*))?(?:\?.*)?$/.exec(text)
  if (parts === null) return undefined
  const [, secure = '', brokers = '', virtualHost = ''] = parts
  // As with oslo, `/` and `//` at the end both mean the default virtual host, whose name is a slash.
  const path = virtualHost === '' ? '%2F' : encodeURIComponent(decoded(virtualHost) ?? virtualHost)
  const urls = brokers.split(',').map((broker) => `amqp${secure}://${broker.trim()}/${path}`)
  if (urls.some((url) => (URL.parse(url)?.hostname ?? '') === '')) return undefined
  const [first, ...others] = urls.map((url) => new Secret(url))
  return first === undefined ? undefined : { value: [first, ...others] }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a stray percent sign
  }
}
