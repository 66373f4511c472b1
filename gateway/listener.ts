/** The HTTP server below Fastify: plain or TLS, and no patience with callers who do not send what they began. */
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

/** What the server shows of itself, both PEM. */
export interface TlsSettings {
  readonly certificate: string
  readonly key: string
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
  return (handler: RequestListener): Server =>
    tls === undefined
      ? createPlainServer(TIMES, handler)
      : createTlsServer(
          { ...TIMES, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' },
          handler,
        )
}
