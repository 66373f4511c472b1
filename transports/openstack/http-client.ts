/**
 * HTTP/1.1 over kept connections: one exchange with one deadline, which also tells whether the
 * request may have reached the server.
 */
import {
  Agent as PlainAgent,
  request as plainRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import type { ClockPort } from '../../actors/ports/clock.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Limits {
  /** On the monotonic clock. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly kind: 'answered'
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/**
 * not-sent: the server cannot have seen the request; unanswered: it may have seen it, and may be
 * carrying it out.
 */
export type HttpOutcome =
  | HttpAnswer
  | {
      readonly kind: 'not-sent' | 'unanswered'
      readonly detail: string
      readonly cause: unknown
    }

export interface HttpClient extends AsyncDisposable {
  /** Sends once. Never throws for a network reason. */
  exchange(request: HttpRequest, limits: Limits): Promise<HttpOutcome>
  /** The number of requests that were started, repeats included. */
  requestCount(): number
}

interface HttpClientOptions {
  readonly clock: ClockPort
  /** Certificates to trust, PEM; undefined: those of the system. */
  readonly ca: string | undefined
  /** True accepts any certificate. */
  readonly insecure: boolean
}

/**
 * Idle connections are closed before the usual five seconds of a web server, so that no request is
 * sent on a closing one.
 */
const IDLE_MS_MAX = 4000
/** The most connections to one server. Further requests wait for one of them. */
const CONNECTIONS_MAX = 64
/** An answer with 1,000 servers has about 3 MB. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024

/** Opens a client. Its connections are kept, and closed with it. */
export function openHttpClient(options: HttpClientOptions): HttpClient {
  const pool = { keepAlive: true, timeout: IDLE_MS_MAX, maxSockets: CONNECTIONS_MAX }
  const plain = new PlainAgent(pool)
  const tls = new TlsAgent({
    ...pool,
    rejectUnauthorized: !options.insecure,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  })
  let count = 0

  const start = (request: HttpRequest, signal: AbortSignal): ClientRequest => {
    count += 1
    const { method, headers, body } = request
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
    const settings = { method, signal, headers: { ...headers, ...length } }
    return request.url.startsWith('https:')
      ? tlsRequest(request.url, { ...settings, agent: tls })
      : plainRequest(request.url, { ...settings, agent: plain })
  }

  return {
    async exchange(request, limits) {
      const remainingMs = limits.deadlineMs - options.clock.monotonicMs()
      if (remainingMs <= 0) return { kind: 'not-sent', detail: 'no time is left', cause: undefined }
      let ending: string | undefined
      let mayBeSent = false
      const outgoing = start(request, limits.signal)
      const cancel = options.clock.schedule(remainingMs, () => {
        ending = `no answer within ${Math.ceil(remainingMs)} ms`
        outgoing.destroy(new Error(ending))
      })
      whenSendable(outgoing, () => {
        mayBeSent = true
      })
      try {
        const response = await responseOf(outgoing, request.body)
        const { statusCode: status = 0, headers } = response
        return { kind: 'answered', status, headers, text: await readText(response) }
      } catch (cause) {
        outgoing.destroy()
        const detail = ending ?? (cause instanceof Error ? cause.message : String(cause))
        return { kind: mayBeSent ? 'unanswered' : 'not-sent', detail, cause }
      } finally {
        cancel()
      }
    },
    requestCount: () => count,
    [Symbol.asyncDispose]: () => {
      plain.destroy()
      tls.destroy()
      return Promise.resolve()
    },
  }
}

/**
 * Calls back when bytes can be sent: at once on a kept connection, otherwise when the connection is
 * open (TLS included).
 */
function whenSendable(outgoing: ClientRequest, callback: () => void): void {
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) callback()
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', callback)
  })
}

async function responseOf(
  outgoing: ClientRequest,
  body: string | undefined,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  outgoing.on('response', resolve)
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue // a stream without encoding gives only buffers
    size += chunk.length
    if (size > ANSWER_BYTES_MAX) throw new Error(`the answer exceeds ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
