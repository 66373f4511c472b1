/** Answers input that is not valid HTTP with a fault of the API, and closes the connection. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { fault } from './faults.ts'

const STATUSES: Readonly<Record<string, readonly [status: number, text: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Request is too large.'],
}

/** The handler for the `clientError` event of Node's HTTP server. */
export function answerMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy(error)
  const [status, text] = STATUSES[error.code ?? ''] ?? [400, 'Malformed HTTP request']
  const { body, headers } = fault(status, text)
  const lines = Object.entries({
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
}
