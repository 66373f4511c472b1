/** Reads the URLs of the store, the bus and the message broker in the forms that OpenStack uses. */
import { Secret } from '../../schema/control-attributes.ts'
import type { AmqpBrokers, BusLocation, StoreLocation } from '../../schema/config/option.ts'
import { readUrlParts, unquoted, type UrlHost, type UrlParts } from './sqlalchemy-url.ts'
import { brokerTls, databaseTls, isProblem } from './tls-query.ts'

/** A value, a sentence about what is wrong, or undefined when the text is not such a URL. */
type Reading<Value> = { readonly value: Value } | { readonly problem: string } | undefined

const SQLITE = /^sqlite:\/\/\/(.+)$/
const MYSQL = /^(?:mysql|mariadb)(?:\+\w+)?$/

/**
 * Reads a SQLAlchemy URL. The parameters about encryption are used; other parameters are for
 * Python's driver and are ignored.
 */
export function readStore(text: string): Reading<StoreLocation> {
  const path = SQLITE.exec(text)?.[1]
  if (path !== undefined) return { value: { kind: 'sqlite', path } }
  if (text === 'sqlite://') return { value: { kind: 'sqlite', path: ':memory:' } }
  const parts = readUrlParts(text)
  return parts !== undefined && MYSQL.test(parts.scheme) ? readMysql(parts) : undefined
}

function readMysql({ hosts, path, query }: UrlParts): Reading<StoreLocation> {
  const [{ host, port = 3306, user, password }, ...others] = hosts
  const database = unquoted(path)
  if (others.length > 0 || user === '' || database === '') return undefined
  const tls = databaseTls(query)
  if (isProblem(tls)) return tls
  const location = { kind: 'mysql', host, port, user, database } as const
  return {
    value: { ...location, password: new Secret(password), tls: tls === 'off' ? undefined : tls },
  }
}

/** Reads `memory`, or NATS URLs separated by commas. */
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

/**
 * Reads an oslo.messaging transport URL: several brokers before one virtual host. It becomes one
 * AMQP URL for each broker.
 */
export function readAmqp(text: string): Reading<AmqpBrokers> {
  const parts = readUrlParts(text)
  const [, secure] = /^(?:rabbit|amqp|kombu\+amqp)(s?)$/.exec(parts?.scheme ?? '') ?? []
  if (parts === undefined || secure === undefined) return undefined
  const tls = brokerTls(parts.query)
  if (isProblem(tls)) return tls
  if (secure === 's' && tls === 'off')
    return { problem: 'amqps:// asks for TLS, but the parameter ssl switches it off' }
  // As in oslo, `/` and `//` at the end both mean the default virtual host, whose name is a slash.
  const name = parts.path.replace(/^\/(?=.)/, '')
  const path = name === '' || name === '/' ? '%2F' : encodeURIComponent(unquoted(name))
  const [first, ...others] = parts.hosts
  const url = (host: UrlHost): Secret => new Secret(`amqp${secure}://${authority(host)}/${path}`)
  return { value: { urls: [url(first), ...others.map(url)], tls } }
}

function authority({ user, password, host, port }: UrlHost): string {
  const credentials = [user, password].map(encodeURIComponent).join(':')
  const address = host.includes(':') ? `[${host}]` : host
  const at = user === '' && password === '' ? '' : `${credentials}@`
  return `${at}${address}${port === undefined ? '' : `:${port}`}`
}
