/**
 * The HTTP server below Fastify, with or without TLS. It closes connections of callers that do not
 * finish their request in time.
 */
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Socket } from 'node:net'

/** The certificate of the server and its key, both PEM. */
export interface TlsSettings {
  readonly certificate: string
  readonly key: string
  /**
   * Authorities that must have signed the callers' certificates. When undefined, callers need no
   * certificate.
   */
  readonly clientCa?: string
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** As an OpenSSL cipher list. */
  readonly ciphers?: string
}

/** Time limits for callers, ms. */
const TIMES = {
  headersTimeout: 10_000,
  /** For the whole request, its body included. */
  requestTimeout: 30_000,
  /** Longer than the usual idle time of a proxy, so that the proxy closes the connection first. */
  keepAliveTimeout: 72_000,
  /** How often Node checks for connections that exceeded a limit. */
  connectionsCheckingInterval: 2000,
}

/** Makes the server that Fastify uses. It does not listen yet. */
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
 * Node closes the connection as soon as it has sent an answer that ends the connection. When the
 * body is still arriving, the operating system then resets the connection, and the caller loses the
 * answer. Therefore only our side is closed, and the rest of the body is read and discarded until
 * it is complete or `requestTimeout` is over.
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
