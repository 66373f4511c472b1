/** One connection to RabbitMQ. It is used once and never mended. */
import type { ConnectionOptions } from 'node:tls'
import { connect, type Channel, type ChannelModel } from 'amqplib'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import type { TlsMaterial } from '../../schema/tls.ts'

export interface BrokerConnection extends AsyncDisposable {
  readonly model: ChannelModel
  /** Aborted, with a sentence as the reason, once nothing goes through any more. */
  readonly ended: AbortSignal
  /** Only the first reason counts. */
  end(reason: string): void
}

export interface BrokerAddress {
  /** `amqp[s]://user:password@host:port/vhost`. */
  readonly url: Secret
  /** Undefined: as the URL says, with the system's authorities for `amqps`. */
  readonly tls: TlsMaterial | undefined
  readonly clock: ClockPort
}

/** A frozen broker is noticed after two of these. */
const HEARTBEAT_S = 10
const CONNECT_MS_MAX = 5000
const CLOSE_MS_MAX = 2000

/** Throws CONFIG_INVALID for a URL that is not one of a broker. The text stays out of the error: it holds a password. */
export function checkBrokerUrls(urls: readonly Secret[]): void {
  for (const url of urls) {
    const parsed = URL.parse(url.reveal())
    if (parsed !== null && /^amqps?:$/.test(parsed.protocol)) continue
    const text = 'a broker URL does not read amqp[s]://user:password@host'
    throw new CodedError('CONFIG_INVALID', text)
  }
}

/** Connects and makes it ready; the signal ends an attempt that is under way. */
export async function openBrokerConnection(
  { url, tls, clock }: BrokerAddress,
  makeReady: (connection: BrokerConnection) => Promise<void>,
  signal: AbortSignal,
): Promise<BrokerConnection> {
  const cutting = new AbortController()
  const cut = (): void => cutting.abort(signal.reason)
  signal.addEventListener('abort', cut, { once: true })
  try {
    // The signal goes on to node:net and destroys the socket, which amqplib itself cannot.
    const socket = { timeout: CONNECT_MS_MAX, noDelay: true, signal: cutting.signal }
    const model = await connect(locatorOf(url, tls), { ...socket, ...optionsOf(tls) })
    const connection = connectionOf(model, clock, cutting)
    await makeReady(connection)
    return connection
  } catch (error) {
    cutting.abort()
    throw error
  } finally {
    signal.removeEventListener('abort', cut)
  }
}

/** With TLS asked for, nothing is sent in clear, whatever scheme the URL has. */
function locatorOf(url: Secret, tls: TlsMaterial | undefined): string {
  const parsed = new URL(tls === undefined ? url.reveal() : secured(url.reveal()))
  parsed.searchParams.set('heartbeat', String(HEARTBEAT_S))
  return parsed.href
}

const secured = (url: string): string => url.replace(/^amqp:/, 'amqps:')

function optionsOf(tls: TlsMaterial | undefined): Omit<ConnectionOptions, 'timeout'> {
  if (tls === undefined) return {}
  const { ca, cert, key, check, ciphers, minVersion } = tls
  return {
    minVersion,
    rejectUnauthorized: check !== 'nothing',
    ...(check === 'identity' ? {} : { checkServerIdentity: () => undefined }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ciphers === undefined ? {} : { ciphers }),
  }
}

function connectionOf(
  model: ChannelModel,
  clock: ClockPort,
  cutting: AbortController,
): BrokerConnection {
  const ending = new AbortController()
  const end = (reason: string): void => ending.abort(reason)
  model.on('error', (error) => end(describeError(error)))
  model.on('close', () => end('the connection was closed'))
  return {
    model,
    ended: ending.signal,
    end,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      const cancel = clock.schedule(CLOSE_MS_MAX, closed.resolve)
      model.close().then(closed.resolve, closed.resolve) // rejects when it had ended already
      await closed.promise
      cancel()
      cutting.abort()
    },
  }
}

/** A channel whose end is the end of the connection. */
export function isVital(connection: BrokerConnection, channel: Channel): void {
  channel.on('error', (error) => connection.end(describeError(error)))
  channel.on('close', () => connection.end('the channel was closed'))
}

/** Asks on a channel of its own, for a refusal closes it, and only it. Undefined when what it asks for is absent. */
export async function askBroker<Answer>(
  { model }: BrokerConnection,
  ask: (channel: Channel) => Promise<Answer>,
): Promise<Answer | undefined> {
  const channel = await model.createChannel()
  channel.on('error', ignoreTwin)
  try {
    const answer = await ask(channel)
    await channel.close()
    return answer
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** amqplib tells of a refused call twice: by the rejection, which is handled, and by this event. */
function ignoreTwin(): void {}

const isNotFound = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 404
