/**
 * Undoes what kombu's `kombu_compression` did to the body of a message, within a bound: a few bytes may unpack to
 * gigabytes. Pure.
 */
import { brotliDecompressSync, unzipSync, zstdDecompressSync } from 'node:zlib'
import bunzip from 'seek-bzip'
import { CodedError, isCoded } from '../../schema/errors.ts'

/** Our own bus carries 1 MB at most; Nova's notifications take about 5 kB. */
export const BODY_BYTES_MAX = 512 * 1024
/** Each block of a few bytes makes the unpacker reserve 3.6 MB: this many bytes hold about a second of such work. */
const BZIP2_BYTES_MAX = 128 * 1024

type Unpack = (body: Uint8Array) => Uint8Array

const BOUND = { maxOutputLength: BODY_BYTES_MAX }
/** kombu's own `gzip` is a zlib stream, other senders' is a gzip file: both begin differently, and both are read. */
const unzip: Unpack = (body) => unzipSync(body, BOUND)
const brotli: Unpack = (body) => brotliDecompressSync(body, BOUND)
const zstd: Unpack = (body) => zstdDecompressSync(body, BOUND)

/** By what the header `compression` says: kombu's content types, and its short names for them. */
const UNPACKERS = new Map<string, Unpack>([
  ...under(['application/x-gzip', 'application/gzip', 'application/zlib', 'gzip', 'zlib'], unzip),
  ...under(['application/x-bz2', 'application/x-bzip2', 'bzip2', 'bzip', 'bz2'], unpackBzip2),
  ...under(['application/x-brotli', 'brotli'], brotli),
  ...under(['application/zstd', 'zstd', 'zstandard'], zstd),
])

function under(names: readonly string[], unpack: Unpack): readonly (readonly [string, Unpack])[] {
  return names.map((name) => [name, unpack])
}

/** The body as it was before it was packed. MESSAGE_INVALID names a compression that is unknown or broken. */
export function unpack(body: Uint8Array, compression: unknown): Uint8Array {
  if (compression === undefined || compression === null || compression === '') return body
  const name = typeof compression === 'string' ? compression : typeof compression
  const unpacker = UNPACKERS.get(name.trim().toLowerCase())
  if (unpacker === undefined) throw invalid(`the compression ${shown(name)} is unknown`)
  if (body.byteLength > BODY_BYTES_MAX) throw invalid(`longer than ${BODY_BYTES_MAX} bytes packed`)
  try {
    return unpacker(body)
  } catch (error) {
    if (isCoded(error)) throw error
    throw invalid(isTooLarge(error) ? TOO_LARGE : `the body is not ${shown(name)}`)
  }
}

function unpackBzip2(body: Uint8Array): Uint8Array {
  if (body.byteLength > BZIP2_BYTES_MAX)
    throw invalid(`longer than ${BZIP2_BYTES_MAX} bytes packed`)
  const unpacked = new Uint8Array(BODY_BYTES_MAX)
  let length = 0
  bunzip.decode(body, {
    writeByte(byte) {
      if (length === BODY_BYTES_MAX) throw invalid(TOO_LARGE)
      unpacked[length] = byte
      length += 1
    },
  })
  return unpacked.subarray(0, length)
}

const TOO_LARGE = `longer than ${BODY_BYTES_MAX} bytes unpacked`

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'

/** The name came from outside. */
const shown = (name: string): string => JSON.stringify(name.slice(0, 64))

const invalid = (reason: string): CodedError => new CodedError('MESSAGE_INVALID', reason)
