/** One authenticated SSH connection that is kept open and asked whether the other side lives. */
import { connect as connectSocket, type Socket } from 'node:net'
import { Client, type ConnectConfig } from 'ssh2'
import { sleep, type ClockPort } from '../../actors/ports/clock.ts'
import type { ShellProbe } from '../../actors/ports/shell.ts'
import type { Secret, SshSettings } from '../../schema/control-attributes.ts'
import type { HostKeyPin } from '../../schema/host-key-pins.ts'
import { nextOffer } from './host-key-search.ts'
import { showKey, type HostKeys, type ShownKey } from './host-keys.ts'

/** A connection that is being opened, is open, or has ended. */
export interface Connection {
  /** Settles once: undefined when the connection is open, else why it is not. */
  readonly opened: Promise<ShellProbe | undefined>
  hasEnded(): boolean
  /**
   * Whether sshd, or the kernel for it, has accepted the connection. From then on sshd counts an end
   * without a login against our address.
   */
  wasAccepted(): boolean
  /** One round trip to the session's process; false when the connection ended before the answer. */
  ping(): Promise<boolean>
  destroy(): void
}

interface ConnectOptions {
  readonly target: SshSettings
  readonly privateKey: Secret
  readonly hostKeys: HostKeys
  readonly clock: ClockPort
  /** Longest wait for the login after the connection is accepted. */
  readonly handshakeMs: number
}

/** Longest wait for a host that does not accept the connection; such a host does not count it. */
const ACCEPT_TIMEOUT_MS = 10_000
/** A request that has no answer for so long ends the connection: sshd is frozen, or the link is dead, ms. */
const PING_TIMEOUT_MS = 4000
/**
 * For a connection that is not asked any more. Requests keep the others alive; keepalives as frequent as those would take half of
 * the time of a monitor of many hosts.
 */
const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 3 }
/** During the handshake the kernels check the connection, so a host that lost power or was restarted is noticed within seconds. */
const WIRE = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 1000 }

/**
 * Begins to connect. Never throws.
 *
 * An attempt outlives the probe that began it, and later probes wait for the same one: hanging up without
 * authenticating is what OpenSSH ≥ 9.8 punishes. The search for a bare fingerprint hangs up at most four times (1 s of
 * penalty each, of the 15 s from which on it blocks), and once its type is known it is not repeated.
 */
export function connect(options: ConnectOptions): Connection {
  const { target, hostKeys } = options
  const opened = Promise.withResolvers<ShellProbe | undefined>()
  const ended = Promise.withResolvers<false>()
  let hasEnded = false
  let client: Client | undefined
  let wire: Wire | undefined
  const fail = ({ outcome, detail }: ShellProbe): void => {
    opened.resolve({ outcome, detail })
    hasEnded = true
    ended.resolve(false)
    client?.destroy()
    wire?.end()
  }
  const attempt = (known: readonly HostKeyPin[], shown: readonly ShownKey[]): void => {
    const serverHostKey = [...nextOffer(known, shown)]
    if (hasEnded) return
    if (serverHostKey.length === 0) return fail(unknownHost(known, shown, hostKeys))
    const current = new Client()
    client = current
    let other: ShownKey | undefined
    current.on('error', (error) => {
      if (other !== undefined) current.destroy()
      else fail(hasNoSuchKey(error) ? unknownHost(known, shown, hostKeys) : explain(error))
    })
    current.on('close', () => {
      if (other === undefined) fail(CLOSED)
      else attempt(known, [...shown, other])
    })
    let key: ShownKey | undefined
    current.on('ready', () => {
      wire?.loggedIn()
      void settle(known, key)
    })
    const hostVerifier = (blob: Buffer): boolean => {
      key = showKey(blob)
      if (isAccepted(known, key)) return true
      other = key
      return false
    }
    wire?.end()
    wire = openWire(options, (detail) => fail({ outcome: 'silent', detail }))
    const { socket } = wire
    current.connect({ ...login(options, socket), algorithms: { serverHostKey }, hostVerifier })
  }
  const settle = async (known: readonly HostKeyPin[], key: ShownKey | undefined): Promise<void> => {
    try {
      if (key !== undefined) await hostKeys.accept(target, key, known)
      opened.resolve(undefined)
    } catch {
      const detail = `the host key cannot be remembered in ${hostKeys.path}`
      fail({ outcome: 'misconfigured', detail })
    }
  }
  const begun = hostKeys.known(target).then((known) => attempt(known, []))
  begun.catch(() => fail(unreadableKeys(hostKeys)))
  return {
    opened: opened.promise,
    hasEnded: () => hasEnded,
    wasAccepted: () => wire?.wasAccepted() === true,
    ping: async () => {
      if (hasEnded || client === undefined) return false
      const answered = await inTime(options.clock, [ended.promise, askForNothing(client)])
      if (!answered) fail(LOST) // the next probe makes a new one
      return answered
    },
    destroy: () => fail({ outcome: 'silent', detail: 'we closed the connection' }),
  }
}

/** The TCP connection below, and the longest wait for its login. */
interface Wire {
  readonly socket: Socket
  wasAccepted(): boolean
  /** The wait for the login has ended. */
  loggedIn(): void
  end(): void
}

function openWire(
  { target, clock, handshakeMs }: ConnectOptions,
  late: (detail: string) => void,
): Wire {
  const socket = connectSocket({ host: target.address, port: target.port, ...WIRE })
  let isAccepted = false
  let cancel = clock.schedule(ACCEPT_TIMEOUT_MS, () =>
    late('no answer: nothing accepts the connection'),
  )
  socket.once('connect', () => {
    isAccepted = true
    cancel()
    cancel = clock.schedule(handshakeMs, () =>
      late(`no answer: the connection is accepted, and no login within ${handshakeMs} ms`),
    )
  })
  return {
    socket,
    wasAccepted: () => isAccepted,
    loggedIn: () => cancel(),
    end() {
      cancel()
      socket.destroy()
    },
  }
}

const login = ({ target, privateKey }: ConnectOptions, sock: Socket): ConnectConfig => ({
  sock,
  username: target.username,
  privateKey: privateKey.reveal(),
  authHandler: ['publickey'],
  readyTimeout: 0, // this file limits the wait itself
  ...KEEPALIVE,
})

/** Where nothing is known the first key is trusted. */
const isAccepted = (known: readonly HostKeyPin[], { fingerprint }: ShownKey): boolean =>
  known.length === 0 || known.some((pin) => pin.fingerprint === fingerprint)

const unreadableKeys = ({ path }: HostKeys): ShellProbe => {
  return { outcome: 'misconfigured', detail: `${path} cannot be read` }
}

const LOST: ShellProbe = { outcome: 'silent', detail: 'the connection was lost' }
const CLOSED: ShellProbe = {
  outcome: 'refused',
  detail: 'the host closed the connection in the handshake',
}

/** The server has no key of a type that we offer. */
const hasNoSuchKey = ({ message }: Error): boolean => message.includes('no matching host key')

/** Every key that the server shows of the types that may be known is another one. */
function unknownHost(
  known: readonly HostKeyPin[],
  shown: readonly ShownKey[],
  { path }: HostKeys,
): ShellProbe {
  const expected = known.map(describeKey).join(', ')
  const seen = shown.length === 0 ? 'no key of this type' : shown.map(describeKey).join(', ')
  const detail = `the host key changed: the host shows ${seen}; pinned in ssh.host_key or remembered in ${path}: ${expected}`
  return { outcome: 'misconfigured', detail }
}

const describeKey = ({ type, fingerprint }: HostKeyPin | ShownKey): string =>
  type === undefined ? fingerprint : `${type} ${fingerprint}`

/** The first answer; false when there is none in time. */
async function inTime(clock: ClockPort, answers: readonly Promise<boolean>[]): Promise<boolean> {
  const done = new AbortController()
  const late = sleep(clock, PING_TIMEOUT_MS, done.signal).then(() => false)
  const answer = await Promise.race([...answers, late])
  done.abort()
  return answer
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
