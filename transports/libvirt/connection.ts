/** One connection to a libvirt daemon: calls with deadlines, events, and keepalive both ways. It ends when the daemon is silent. */
import { connect, type Socket } from 'node:net'
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import type { HypervisorAddress } from '../../schema/config/option.ts'
import {
  AUTH,
  CALL,
  FEATURE_KEEPALIVE,
  KEEPALIVE,
  OPEN_READ_ONLY,
  PROGRAM,
  STATUS_FINE,
  TYPE,
} from './numbers.ts'
import { encodePacket, PacketReader, type Packet } from './packets.ts'
import { XdrReader, XdrWriter } from './xdr.ts'

/** A frozen daemon accepts connections and sends nothing. */
const OPENING_MS = 5000
const PING_MS = 5000
/** A daemon answers keepalive messages even if many guests hang, so guests that hang do not look like a daemon that hangs. */
const SILENT_MS = 20_000
/** Of one connection. Few are in flight at a time; more are a defect of ours. */
const CALLS_MAX = 64
const MESSAGE_CHARS_MAX = 200

/** The outcome of a call. */
export type Answer =
  | { readonly kind: 'reply'; readonly body: XdrReader }
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }

export interface ConnectionListener {
  /** A packet that nobody asked for. */
  onEvent(procedure: number, body: XdrReader): void
}

interface Waiting {
  settle(answer: Answer): void
  fail(error: Error): void
}

export interface ConnectionOptions {
  readonly clock: ClockPort
  readonly address: HypervisorAddress
  /** As libvirt's drivers know it. */
  readonly driver: string
  readonly access: 'read-only' | 'full'
  readonly listener: ConnectionListener
}

/** A connection that is open. */
export class LibvirtConnection implements Disposable {
  /** Resolves with the reason once the connection is over. */
  readonly ended: Promise<CodedError>
  readonly #clock: ClockPort
  readonly #socket: Socket
  readonly #listener: ConnectionListener
  readonly #packets = new PacketReader()
  readonly #waiting = new Map<number, Waiting>()
  readonly #resolveEnded: (reason: CodedError) => void
  #serial = 0
  #over: CodedError | undefined
  #heardAtMs: number
  #cancelPing: Cancel = () => {}

  private constructor(socket: Socket, { clock, listener }: ConnectionOptions) {
    this.#clock = clock
    this.#socket = socket
    this.#listener = listener
    this.#heardAtMs = clock.monotonicMs()
    const { promise, resolve } = Promise.withResolvers<CodedError>()
    this.ended = promise
    this.#resolveEnded = resolve
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', (error) => this.#end(unavailable(describeError(error), error)))
    socket.on('close', () => this.#end(unavailable('libvirt has closed the connection')))
  }

  /** Throws HYPERVISOR_UNAVAILABLE when there is no daemon, when it does not answer, and when it refuses the connection. */
  static async open(options: ConnectionOptions): Promise<LibvirtConnection> {
    const { address, clock } = options
    const socket = address.kind === 'unix' ? connect(address.path) : connect(address)
    const connection = new LibvirtConnection(socket, options)
    const cancel = clock.schedule(OPENING_MS, () =>
      connection.#end(unavailable(`libvirt does not answer within ${OPENING_MS} ms`)),
    )
    try {
      await connection.#begin(options)
      connection.#pingLater()
      return connection
    } catch (error) {
      connection[Symbol.dispose]()
      throw error
    } finally {
      cancel()
    }
  }

  /** When the daemon last sent anything, by the monotonic clock. */
  get heardAtMs(): number {
    return this.#heardAtMs
  }

  /** Rejects with HYPERVISOR_UNAVAILABLE when the connection ends first; a call that takes longer than allowed ends it. */
  call(
    procedure: number,
    args: XdrWriter,
    { program = PROGRAM.remote, deadlineMs }: { program?: number; deadlineMs: number },
  ): Promise<Answer> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    if (this.#waiting.size >= CALLS_MAX) {
      return Promise.reject(unavailable(`${CALLS_MAX} calls to libvirt are waiting already`))
    }
    this.#serial += 1
    const serial = this.#serial
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const cancel = this.#clock.schedule(deadlineMs, () =>
      this.#end(unavailable(`libvirt took longer than ${deadlineMs} ms for call ${procedure}`)),
    )
    this.#waiting.set(serial, {
      settle: (answer) => {
        cancel()
        resolve(answer)
      },
      fail: (error) => {
        cancel()
        reject(error)
      },
    })
    this.#send({ program, procedure, type: TYPE.call, serial, body: args.bytes() })
    return promise
  }

  [Symbol.dispose](): void {
    this.#end(unavailable('the connection to libvirt was closed'))
  }

  async #begin({ driver, access }: ConnectionOptions): Promise<void> {
    const deadlineMs = OPENING_MS
    const methods = body(await this.call(CALL.authList, new XdrWriter(), { deadlineMs }))
    const offered = methods.list(() => methods.int())
    if (offered.includes(AUTH.polkit)) {
      body(await this.call(CALL.authPolkit, new XdrWriter(), { deadlineMs }))
    } else if (offered.includes(AUTH.sasl) && !offered.includes(AUTH.none)) {
      throw unavailable('libvirt asks for a password (SASL), which this client does not speak')
    }
    // A daemon that refuses this sends no keepalive messages, but it answers ours.
    await this.call(CALL.feature, new XdrWriter().int(FEATURE_KEEPALIVE), { deadlineMs })
    const flags = access === 'read-only' ? OPEN_READ_ONLY : 0
    body(await this.call(CALL.open, new XdrWriter().optional(driver).int(flags), { deadlineMs }))
  }

  #pingLater(): void {
    this.#cancelPing = this.#clock.schedule(PING_MS, () => {
      const quietMs = this.#clock.monotonicMs() - this.#heardAtMs
      if (quietMs > SILENT_MS) {
        this.#end(unavailable(`libvirt has said nothing for ${Math.round(quietMs)} ms`))
        return
      }
      this.#keepAlive(KEEPALIVE.ping)
      this.#pingLater()
    })
  }

  #keepAlive(procedure: number): void {
    const { keepalive: program } = PROGRAM
    this.#send({ program, procedure, type: TYPE.message, serial: 0, body: Buffer.alloc(0) })
  }

  #send(packet: Omit<Packet, 'status'>): void {
    if (this.#over === undefined) this.#socket.write(encodePacket(packet))
  }

  #onData(chunk: Buffer): void {
    if (this.#over !== undefined) return
    this.#heardAtMs = this.#clock.monotonicMs()
    try {
      for (const packet of this.#packets.push(chunk)) this.#onPacket(packet)
    } catch (error) {
      this.#end(unavailable(describeError(error), error))
    }
  }

  #onPacket({ program, procedure, type, serial, status, body }: Packet): void {
    if (program === PROGRAM.keepalive) {
      if (procedure === KEEPALIVE.ping) this.#keepAlive(KEEPALIVE.pong)
    } else if (type === TYPE.reply) {
      const reader = new XdrReader(body)
      const waiting = this.#waiting.get(serial)
      this.#waiting.delete(serial)
      waiting?.settle(status === STATUS_FINE ? { kind: 'reply', body: reader } : refusal(reader))
    } else if (type === TYPE.message && program === PROGRAM.remote) {
      this.#listener.onEvent(procedure, new XdrReader(body))
    }
  }

  #end(reason: CodedError): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.#cancelPing()
    this.#socket.destroy()
    for (const waiting of this.#waiting.values()) waiting.fail(reason)
    this.#waiting.clear()
    this.#resolveEnded(reason)
  }
}

/** Of an error, the first three fields are enough: its number, its source, its text. */
function refusal(reader: XdrReader): Answer {
  const code = reader.int()
  reader.int()
  const text = reader.optional() ?? 'no reason given'
  return { kind: 'refused', code, message: text.slice(0, MESSAGE_CHARS_MAX) }
}

/** The reply, where nothing else will do. */
export function body(answer: Answer): XdrReader {
  if (answer.kind === 'reply') return answer.body
  throw unavailable(`libvirt refuses: ${answer.message} (error ${answer.code})`)
}

const unavailable = (text: string, cause?: unknown): CodedError =>
  new CodedError('HYPERVISOR_UNAVAILABLE', text, { cause })
