/**
 * One kept HTTP connection to one BMC, encrypted unless its address is a loopback address. Nothing
 * is sent before the certificate has been checked. When a request is not answered in time, the
 * connection is reset, so that an order which waits in a buffer does not reach the BMC minutes
 * later.
 */
import { Agent, request, type IncomingMessage } from 'node:http'
import { isIP, connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { ClockPort } from '../../../actors/ports/clock.ts'
import type { RedfishSettings } from '../../../schema/control-attributes.ts'
import { CodedError } from '../../../schema/errors.ts'
import { connectionFailure, excessiveAnswer, foreignCertificate } from './connection-failure.ts'

export interface RedfishRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface RedfishAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Empty when the answer is a failure and its body was cut off. */
  readonly text: string
}

interface ConnectionOptions {
  readonly clock: ClockPort
  /** PEM; undefined: the authorities of the system. */
  readonly ca: string | undefined
  readonly bmc: RedfishSettings
}

/** A computer system with all its parts has some 100 kB. */
const ANSWER_BYTES_MAX = 1024 * 1024

/** The connection. The first request opens it, and so does each request that finds it closed. */
export class RedfishConnection {
  readonly #options: ConnectionOptions
  readonly #url: URL
  readonly #agent: Agent
  /** The TCP socket below. */
  #wire: Socket | undefined
  /** The stream to which requests are written. */
  #stream: Socket | undefined
  #answeredMs = Number.NEGATIVE_INFINITY

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#url = new URL(options.bmc.url)
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 })
    this.#agent.createConnection = () => this.#stream // opened before each request
  }

  isOpen(): boolean {
    return this.#stream !== undefined
  }

  /** The time since the latest answer, ms. */
  idleMs(): number {
    return this.#options.clock.monotonicMs() - this.#answeredMs
  }

  /** Sends once, on the kept connection or a new one. Throws POWER_*. */
  async exchange(what: RedfishRequest, timeoutMs: number): Promise<RedfishAnswer> {
    let isLate = false
    const cancel = this.#options.clock.schedule(timeoutMs, () => {
      isLate = true
      this.reset()
    })
    try {
      if (this.#stream === undefined) await this.#open()
      const answer = await this.#send(what)
      this.#answeredMs = this.#options.clock.monotonicMs()
      return answer
    } catch (error) {
      this.reset()
      throw isLate
        ? new CodedError('POWER_UNREACHABLE', 'no answer in time')
        : connectionFailure(error)
    } finally {
      cancel()
    }
  }

  /** Ends the connection at once, and discards what this machine has not sent yet. */
  reset(): void {
    this.#wire?.resetAndDestroy()
    this.#wire = undefined
    this.#stream = undefined
  }

  async #send({ method, path, headers, body }: RedfishRequest): Promise<RedfishAnswer> {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
    const outgoing = request({
      agent: this.#agent,
      host: this.#url.hostname,
      method,
      path,
      headers: { Host: this.#url.host, ...headers, ...length },
    })
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
    outgoing.end(body)
    const response = await promise
    const status = response.statusCode ?? 0
    try {
      return { status, headers: response.headers, text: await readText(response) }
    } catch (error) {
      if (status < 400) throw error
      this.reset()
      return { status, headers: response.headers, text: '' } // some BMCs cut a refusal off
    }
  }

  async #open(): Promise<void> {
    const { hostname, port, protocol } = this.#url
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const standard = protocol === 'http:' ? 80 : 443
    const wire = connectPlain({
      host,
      port: port === '' ? standard : Number(port),
      noDelay: true,
      keepAlive: true,
    })
    this.#wire = wire
    wire.on('error', () => undefined) // the request that waits reports its end, and the close that follows
    wire.once('close', () => {
      if (this.#wire === wire) this.reset()
    })
    await opened(wire, 'connect')
    this.#stream = protocol === 'http:' ? wire : await this.#encrypt(wire, host)
  }

  async #encrypt(wire: Socket, host: string): Promise<TLSSocket> {
    const { bmc, ca } = this.#options
    const isPinned = bmc.fingerprints.length > 0
    const encrypted = connectTls({
      socket: wire,
      host,
      servername: isIP(host) === 0 ? host : '',
      rejectUnauthorized: !isPinned,
      ...(ca === undefined ? {} : { ca }),
    })
    encrypted.on('error', () => undefined)
    await opened(encrypted, 'secureConnect')
    const { fingerprint256: shown } = encrypted.getPeerCertificate()
    if (isPinned && !bmc.fingerprints.includes(shown)) {
      throw foreignCertificate(shown, bmc.fingerprints)
    }
    return encrypted
  }
}

async function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once(event, resolve)
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('the connection was closed')))
  await promise
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue // a stream without encoding yields buffers only
    size += chunk.length
    if (size > ANSWER_BYTES_MAX) throw excessiveAnswer(ANSWER_BYTES_MAX)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
