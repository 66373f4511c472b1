/** Undoes the compression that kombu names in the header `compression`. What comes out is bounded. Pure. */
import { brotliDecompressSync, unzipSync, zstdDecompressSync } from 'node:zlib'
import { CodedError } from '../../schema/errors.ts'

interface Bound {
  readonly maxOutputLength: number
}

/** By kombu's names. Its gzip is zlib's format in truth; other senders write real gzip: `unzip` reads both. */
const UNPACKERS: Readonly<Record<string, (body: Uint8Array, bound: Bound) => Uint8Array>> = {
  'application/x-gzip': unzipSync,
  'application/x-brotli': brotliDecompressSync,
  'application/zstd': zstdDecompressSync,
}

/** The plain body. MESSAGE_INVALID for a compression that we cannot undo, and for more than `bytesMax` bytes. */
export function unpackBody(body: Uint8Array, compression: unknown, bytesMax: number): Uint8Array {
  if (compression === undefined || compression === null) return body
  const name = shownName(compression)
  const unpack = Object.hasOwn(UNPACKERS, name) ? UNPACKERS[name] : undefined
  if (unpack === undefined) throw invalid(`compressed with ${name}, which cannot be read here`)
  if (body.byteLength > bytesMax) throw invalid(`longer than ${bytesMax} bytes`)
  try {
    return unpack(body, { maxOutputLength: bytesMax })
  } catch (error) {
    throw invalid(
      isTooLarge(error)
        ? `longer than ${bytesMax} bytes when unpacked`
        : `damaged, or not packed with ${name}`,
    )
  }
}

/** The header comes from outside: only a plain word is repeated. */
const shownName = (compression: unknown): string =>
  typeof compression === 'string' && /^[\w.+/-]{1,64}$/.test(compression)
    ? compression
    : 'something without a plain name'

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'

const invalid = (reason: string): CodedError => new CodedError('MESSAGE_INVALID', reason)
