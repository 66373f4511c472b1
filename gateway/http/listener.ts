/** The HTTP server below Fastify: plain or TLS, and no patience with callers who do not send what they began. */
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Socket } from 'node:net'

/** What the server shows of itself, both PEM. */
export interface TlsSettings {
  readonly certificate: string
  readonly key: string
  /** Authorities that must have signed the callers' certificates; undefined asks callers for none. */
  readonly clientCa?: string
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** In OpenSSL's language. */
  readonly ciphers?: string
}

/** How long callers may take, ms. */
const TIMES = {
  headersTimeout: 10_000,
  /** The whole request, its body included. */
  requestTimeout: 30_000,
  /** Longer than the usual idle time of a proxy, so that the proxy ends the connection and not we. */
  keepAliveTimeout: 72_000,
  /** How often Node looks for connections that are late. */
  connectionsCheckingInterval: 2000,
}

/** Makes the server that Fastify is told to use; it does not listen yet. */
export function createListener(tls: TlsSettings | undefined) {
  return (handler: RequestListener): Server => {
    const listener: RequestListener = (request, response) => {
      closeAfterBody(request)
      handler(request, response)
    }
    return tls === undefined
      ? createPlainServer(TIMES, listener)
      : createTlsServer(
          {
            ...TIMES,
            cert: tls.certificate,
            key: tls.key,
            minVersion: tls.minVersion,
            ...(tls.ciphers && { ciphers: tls.ciphers }),
            ...(tls.clientCa && { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
          },
          listener,
        )
  }
}

/**
 * Node closes the connection as soon as an answer that ends it is out. When the body is still arriving, the operating
 * system then tells the caller that the connection was reset, and takes the answer away from it. So only our side is
 * closed, and the rest of the body is read and thrown away until it has come, or `requestTimeout` is over.
 */
function closeAfterBody(request: IncomingMessage): void {
  const { socket } = request
  socket.destroySoon = () => {
    if (request.complete) return Socket.prototype.destroySoon.call(socket)
    socket.end()
    request.once('end', () => socket.destroy())
    request.resume()
  }
}
