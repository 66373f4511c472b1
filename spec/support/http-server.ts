/** A JSON server on loopback that can stop for some time and start again on its port. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { freePort, listenOn } from './process.ts'

export interface HttpRequest {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  /** undefined when there is none. */
  readonly body: unknown
}

export interface HttpReply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export class HttpServer implements AsyncDisposable {
  readonly url: string
  readonly #port: number
  readonly #answer: (request: HttpRequest) => Promise<HttpReply>
  #server: Server | undefined

  private constructor(port: number, answer: (request: HttpRequest) => Promise<HttpReply>) {
    this.#port = port
    this.#answer = answer
    this.url = `http://127.0.0.1:${port}`
  }

  static async start(answer: (request: HttpRequest) => Promise<HttpReply>): Promise<HttpServer> {
    const server = new HttpServer(await freePort(), answer)
    await server.start()
    return server
  }

  /** From now on, connections are refused, and open ones are closed. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    server.close(() => resolve())
    server.closeAllConnections()
    await promise
  }

  async start(): Promise<void> {
    const server = createServer((incoming, outgoing) => {
      void this.#serve(incoming, outgoing)
    })
    await listenOn(server, this.#port)
    this.#server = server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const text = await textOf(incoming)
    if (text === undefined) return
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    const { method = '', url = '/' } = incoming
    const request = { method, url: new URL(url, this.url), headers: incoming.headers, body }
    const { status, body: answer, headers } = await this.#answer(request)
    outgoing.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    outgoing.end(answer === undefined ? '' : JSON.stringify(answer))
  }
}

/** Undefined when the client has gone in the middle of it. */
async function textOf(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk))
  } catch {
    return undefined
  }
  return Buffer.concat(chunks).toString()
}
