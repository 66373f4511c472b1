/** A JSON server that can stop for some time and start again on its port. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

export interface ServedRequest {
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

/** Where a server listens. */
export interface HttpPlace {
  readonly host: string
  readonly port: number
  /** Takes the port into use. */
  readonly listen: (server: Server) => Promise<void>
}

type Answer = (request: ServedRequest) => Promise<HttpReply>

export class HttpServer implements AsyncDisposable {
  readonly url: string
  readonly #place: HttpPlace
  readonly #answer: Answer
  #server: Server | undefined

  private constructor(place: HttpPlace, answer: Answer) {
    this.#place = place
    this.#answer = answer
    this.url = `http://${place.host}:${place.port}`
  }

  static async start(place: HttpPlace, answer: Answer): Promise<HttpServer> {
    const server = new HttpServer(place, answer)
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
    await this.#place.listen(server)
    this.#server = server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const text = await textOf(incoming)
    if (text === undefined) return
    const { status, body: answer, headers } = await this.#replyTo(incoming, text)
    outgoing.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    outgoing.end(answer === undefined ? '' : JSON.stringify(answer))
  }

  /** A request that cannot be read, or is not simulated, must not end the process. */
  async #replyTo(incoming: IncomingMessage, text: string): Promise<HttpReply> {
    const { method = '', url = '/', headers } = incoming
    try {
      const body: unknown = text === '' ? undefined : JSON.parse(text)
      return await this.#answer({ method, url: new URL(url, this.url), headers, body })
    } catch (error) {
      const isUnreadable = error instanceof SyntaxError
      return { status: isUnreadable ? 400 : 500, body: { error: { message: String(error) } } }
    }
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
