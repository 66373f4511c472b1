/** What ssh2's errors mean for a host's life. */
import test from 'ava'
import { explain } from '../../../transports/ssh/connection.ts'

const error = (message: string, fields: { readonly level?: string; readonly code?: string }) =>
  Object.assign(new Error(message), fields)

for (const [failure, outcome] of [
  [error('connect', { level: 'client-socket', code: 'ECONNREFUSED' }), 'refused'],
  [error('read', { level: 'client-socket', code: 'ECONNRESET' }), 'refused'],
  [error('connect', { level: 'client-socket', code: 'EHOSTUNREACH' }), 'silent'],
  [error('connect', { level: 'client-socket', code: 'ENETUNREACH' }), 'silent'],
  [error('connect', { level: 'client-socket', code: 'ETIMEDOUT' }), 'silent'],
  [error('getaddrinfo', { level: 'client-socket', code: 'EAI_AGAIN' }), 'silent'],
  [error('getaddrinfo', { level: 'client-socket', code: 'ENOTFOUND' }), 'misconfigured'],
  [error('socket', { level: 'client-socket' }), 'silent'],
  [error('Timed out while waiting for handshake', { level: 'client-timeout' }), 'silent'],
  [error('Keepalive timeout', { level: 'client-timeout' }), 'silent'],
  [error('All failed', { level: 'client-authentication' }), 'misconfigured'],
  [error('no matching key exchange', { level: 'handshake' }), 'misconfigured'],
  [error('Connection lost before handshake', { level: 'protocol' }), 'refused'],
  [error('Invalid identification string', {}), 'misconfigured'],
] as const) {
  const from = 'code' in failure ? failure.code : failure.message
  test(`error ${failure.message} ${from} of ssh2 means ${outcome}`, (t) => {
    t.is(explain(failure).outcome, outcome)
  })
}
