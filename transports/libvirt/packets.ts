/** Packets of libvirt's protocol: a length, six words, and a body. Finds them in a stream of bytes; no I/O. */
import { CodedError } from '../../schema/errors.ts'
import { VERSION } from './numbers.ts'
import { XdrWriter } from './xdr.ts'

/** The length word included, which counts itself. */
const HEADER_BYTES = 28
/** libvirt's longest text has 4 MiB: the XML of one domain. Nothing that we ask for is longer. */
const PACKET_BYTES_MAX = 5 * 1024 * 1024

export interface Packet {
  readonly program: number
  readonly procedure: number
  readonly type: number
  /** A reply has the serial of its call; an event has 0. */
  readonly serial: number
  readonly status: number
  readonly body: Buffer
}

/** The bytes of a packet without errors in it. */
export function encodePacket(packet: Omit<Packet, 'status'>): Buffer {
  const { program, procedure, type, serial, body } = packet
  const header = new XdrWriter()
    .int(HEADER_BYTES + body.length)
    .int(program)
    .int(VERSION)
  return Buffer.concat([header.int(procedure).int(type).int(serial).int(0).bytes(), body])
}

/** Takes bytes as they arrive, and returns packets. Throws HYPERVISOR_UNAVAILABLE for bytes that cannot be a packet. */
export class PacketReader {
  #chunks: Buffer[] = []
  #held = 0
  #wanted = HEADER_BYTES

  push(chunk: Buffer): readonly Packet[] {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    const packets: Packet[] = []
    while (this.#held >= this.#wanted) {
      const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
      const { read, rest } = readPackets(bytes)
      packets.push(...read)
      this.#chunks = rest.length === 0 ? [] : [rest]
      this.#held = rest.length
      this.#wanted = rest.length < HEADER_BYTES ? HEADER_BYTES : lengthOf(rest)
    }
    return packets
  }
}

/** All packets that are complete, and what is left. */
function readPackets(bytes: Buffer): { readonly read: readonly Packet[]; readonly rest: Buffer } {
  const read: Packet[] = []
  let rest = bytes
  while (rest.length >= HEADER_BYTES && rest.length >= lengthOf(rest)) {
    const length = lengthOf(rest)
    read.push(decodePacket(rest.subarray(0, length)))
    rest = rest.subarray(length)
  }
  return { read, rest }
}

function lengthOf(bytes: Buffer): number {
  const length = bytes.readUInt32BE(0)
  if (length < HEADER_BYTES || length > PACKET_BYTES_MAX) {
    throw new CodedError('HYPERVISOR_UNAVAILABLE', `libvirt sent a packet of ${length} bytes`)
  }
  return length
}

const decodePacket = (bytes: Buffer): Packet => ({
  program: bytes.readUInt32BE(4),
  procedure: bytes.readUInt32BE(12),
  type: bytes.readUInt32BE(16),
  serial: bytes.readUInt32BE(20),
  status: bytes.readUInt32BE(24),
  body: bytes.subarray(HEADER_BYTES),
})
