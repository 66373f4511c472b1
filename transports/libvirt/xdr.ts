/** The part of XDR that libvirt's calls need: big-endian words, and texts padded to four bytes. All input is checked. */
import { CodedError } from '../../schema/errors.ts'

/** Most elements of a list: more domains than any host runs. */
const LIST_MAX = 16_384

/** A domain as calls and events name it. Calls look at the UUID only. */
export interface DomainName {
  /** As it is: it may hold anything. */
  readonly name: string
  readonly uuid: string
  /** Grows with each start; -1 while it is off. */
  readonly id: number
}

const padding = (length: number): number => (4 - (length % 4)) % 4

/** Puts values behind each other. */
export class XdrWriter {
  readonly #parts: Buffer[] = []

  int(value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value | 0)
    this.#parts.push(bytes)
    return this
  }

  string(value: string): this {
    const text = Buffer.from(value)
    this.int(text.length)
    this.#parts.push(text, Buffer.alloc(padding(text.length)))
    return this
  }

  /** An optional text that is there. */
  optional(value: string): this {
    return this.int(1).string(value)
  }

  /** The rest of what names a domain is not looked at. */
  domain(uuid: string): this {
    this.string('')
    this.#parts.push(Buffer.from(uuid.replaceAll('-', ''), 'hex'))
    return this.int(-1)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** Reads values one after the other. Throws HYPERVISOR_UNAVAILABLE when there are no more. */
export class XdrReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  string(): string {
    const length = this.#bytes.readUInt32BE(this.#take(4))
    const from = this.#take(length)
    this.#take(padding(length))
    return this.#bytes.toString('utf8', from, from + length)
  }

  optional(): string | undefined {
    return this.int() === 0 ? undefined : this.string()
  }

  domain(): DomainName {
    const name = this.string()
    const from = this.#take(16)
    const hex = this.#bytes.toString('hex', from, from + 16)
    const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    return { name, uuid, id: this.int() }
  }

  list<Item>(item: () => Item): readonly Item[] {
    const count = this.int()
    if (count < 0 || count > LIST_MAX) {
      throw new CodedError('HYPERVISOR_UNAVAILABLE', `libvirt sent a list of ${count} elements`)
    }
    return Array.from({ length: count }, item)
  }

  /** The place of so many bytes, if there are so many. */
  #take(length: number): number {
    const from = this.#at
    if (length > this.#bytes.length - from) {
      throw new CodedError('HYPERVISOR_UNAVAILABLE', 'libvirt sent a packet that is cut off')
    }
    this.#at += length
    return from
  }
}
