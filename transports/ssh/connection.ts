/** One authenticated SSH connection that is kept open and asked whether the other side lives. */
import { Client, type ConnectConfig } from 'ssh2'
import type { ShellOutcome, ShellProbe } from '../../actors/ports/shell.ts'
import type { Secret, SshSettings } from '../../schema/control-attributes.ts'
import { fingerprintOf, type HostKeys } from './host-keys.ts'

/** A connection that is being opened, is open, or has ended. */
export interface Connection {
  /** Settles once: undefined when the connection is open, else why it is not. */
  readonly opened: Promise<ShellProbe | undefined>
  hasEnded(): boolean
  /** One round trip to the session's process; false when the connection ended before the answer. */
  ping(): Promise<boolean>
  destroy(): void
}

interface ConnectOptions {
  readonly target: SshSettings
  readonly privateKey: Secret
  readonly hostKeys: HostKeys
}

/**
 * An attempt outlives the probe that began it, and later probes wait for the same one: hanging up without
 * authenticating is what OpenSSH ≥ 9.8 punishes.
 */
const ATTEMPT_TIMEOUT_MS = 10_000
/** A frozen sshd or a dead link ends the connection after 4 s. */
const KEEPALIVE = { keepaliveInterval: 1000, keepaliveCountMax: 3 }

/** Begins to connect. Never throws. */
export function connect({ target, privateKey, hostKeys }: ConnectOptions): Connection {
  const client = new Client()
  const opened = Promise.withResolvers<ShellProbe | undefined>()
  const ended = Promise.withResolvers<false>()
  let hasEnded = false
  let fingerprint = ''
  const fail = (outcome: ShellOutcome, detail: string): void => {
    opened.resolve({ outcome, detail })
    hasEnded = true
    ended.resolve(false)
    client.destroy()
  }
  const verify = async (key: Buffer): Promise<boolean> => {
    fingerprint = fingerprintOf(key)
    try {
      if ((await hostKeys.verify(target, fingerprint)) !== 'other') return true
      const known = target.hostKey === undefined ? `the one in ${hostKeys.path}` : 'the pinned one'
      fail('misconfigured', `the host key ${fingerprint} is not ${known}`)
    } catch {
      fail('misconfigured', `${hostKeys.path} cannot be read`)
    }
    return false
  }
  const settle = async (): Promise<void> => {
    try {
      if ((await hostKeys.verify(target, fingerprint)) === 'new') {
        await hostKeys.remember(target, fingerprint)
      }
      opened.resolve(undefined)
    } catch {
      fail('misconfigured', `the host key cannot be remembered in ${hostKeys.path}`)
    }
  }
  client.on('connect', () => client.setNoDelay(true))
  client.on('ready', () => void settle())
  client.on('error', (error) => {
    const { outcome, detail } = explain(error)
    fail(outcome, detail)
  })
  client.on('close', () => fail('refused', 'the host closed the connection in the handshake'))
  const config: ConnectConfig = {
    host: target.address,
    port: target.port,
    username: target.username,
    privateKey: privateKey.reveal(),
    authHandler: ['publickey'],
    readyTimeout: ATTEMPT_TIMEOUT_MS,
    ...KEEPALIVE,
    hostVerifier: (key: Buffer, answer: (accepted: boolean) => void) =>
      void verify(key).then(answer),
  }
  client.connect(config)
  return {
    opened: opened.promise,
    hasEnded: () => hasEnded,
    ping: async () => {
      if (hasEnded) return false
      const answered = await Promise.race([ended.promise, askForNothing(client)])
      if (!answered) fail('silent', 'the connection was lost') // the next probe makes a new one
      return answered
    },
    destroy: () => fail('silent', 'we closed the connection'),
  }
}

/**
 * Asks to cancel a forwarding that does not exist. The session's process must answer, with whatever it
 * likes; unlike a command this starts no process on the host, and an account with `restrict` allows it.
 */
function askForNothing(client: Client): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  try {
    client.unforwardIn('127.0.0.1', 1, () => resolve(true))
  } catch {
    resolve(false) // ssh2 throws "Not connected" when the socket is gone and its end not yet told
  }
  return promise
}

interface SshError extends Error {
  readonly level?: string
  readonly code?: string
}

/** What an error of ssh2 says about the host. */
export function explain(error: SshError): ShellProbe {
  switch (error.level) {
    case 'client-authentication':
      return { outcome: 'misconfigured', detail: 'the host refuses our key for this user' }
    case 'handshake':
      return { outcome: 'misconfigured', detail: `no common ground: ${error.message}` }
    case 'client-timeout':
      return { outcome: 'silent', detail: `no answer: ${error.message}` }
    case 'client-socket':
      return explainSocket(error)
    default:
      return explainProtocol(error)
  }
}

const SOCKET_DETAILS: Readonly<Record<string, ShellProbe>> = {
  ECONNREFUSED: { outcome: 'refused', detail: 'the host refuses connections to this port' },
  ECONNRESET: { outcome: 'refused', detail: 'the host reset the connection' },
  EPIPE: { outcome: 'refused', detail: 'the host reset the connection' },
  ENOTFOUND: { outcome: 'misconfigured', detail: 'the name of the host is unknown' },
}

function explainSocket(error: SshError): ShellProbe {
  const code = error.code ?? 'unknown socket error'
  return SOCKET_DETAILS[code] ?? { outcome: 'silent', detail: `no connection: ${code}` }
}

/** A connection that closes before the SSH greeting is an overloaded or angry sshd; other text is no sshd. */
function explainProtocol(error: SshError): ShellProbe {
  return error.message === 'Connection lost before handshake'
    ? { outcome: 'refused', detail: 'the host accepts connections and closes them at once' }
    : { outcome: 'misconfigured', detail: 'what answers on this port does not speak SSH properly' }
}
