/** Packed bodies: each packing of kombu, within a bound, whatever a sender makes of them. */
import { readFile } from 'node:fs/promises'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import test from 'ava'
import * as fc from 'fast-check'
import { isCoded } from '../../../schema/errors.ts'
import { BODY_BYTES_MAX, unpack } from '../../../transports/amqp/unpack.ts'
import { holds } from '../../support/holds.ts'

const TEXT = '{"message_id": "a"}'
/** `TEXT`, as bzip2 packs it. */
const BZIP2 = Buffer.from(
  'QlpoOTFBWSZTWfNGi/QAAAibgFAAABAAAKaiCAogACKMm0MggGgBoZCJ8iUEBOPou5IpwoSHmjRfoA==',
  'base64',
)
/** A hundred megabytes of zeros, as bzip2 packs them. */
const BZIP2_BOMB = Buffer.from(
  'QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZDgni3wFfjkAAwAAACCAAMIBNRkKgJakKgJcxQVkmU1nEYApVAD7RQALAAABAAAggADDMCapppUiDaipEHi7kinChIcCoiS4=',
  'base64',
)

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

for (const [compression, body] of [
  ['application/x-gzip', gzipSync(TEXT)],
  ['application/x-gzip', deflateSync(TEXT)], // what kombu itself sends under this name
  ['gzip', gzipSync(TEXT)],
  ['ZLIB', deflateSync(TEXT)],
  ['application/x-bz2', BZIP2],
  ['bzip2', BZIP2],
  ['application/x-brotli', brotliCompressSync(TEXT)],
  ['application/zstd', zstdCompressSync(TEXT)],
  [undefined, Buffer.from(TEXT)],
  [null, Buffer.from(TEXT)],
  ['', Buffer.from(TEXT)],
] as const) {
  test(`a body is unpacked: ${compression}, ${body.byteLength} bytes`, (t) => {
    t.is(textOf(unpack(body, compression)), TEXT)
  })
}

test('a body of the field is unpacked', async (t) => {
  const body = await readFile('spec/fixtures/amqp/gzip-body.bin')
  t.regex(textOf(unpack(body, 'application/x-gzip')), /^\{.*message_id/)
})

for (const [what, body, compression, reason] of [
  ['an unknown packing', gzipSync(TEXT), 'application/x-lzma', /"application\/x-lzma" is unknown/],
  ['a packing that is no text', gzipSync(TEXT), 7, /"number" is unknown/],
  ['a name that breaks lines', gzipSync(TEXT), 'a\nb', /"a\\nb" is unknown/],
  ['a body that is not packed', Buffer.from(TEXT), 'gzip', /is not "gzip"/],
  ['a cut body', gzipSync(TEXT).subarray(0, 12), 'gzip', /is not "gzip"/],
  ['a bzip2 body that is none', Buffer.from(TEXT), 'bzip2', /is not "bzip2"/],
  ['a bomb', gzipSync(Buffer.alloc(50_000_000)), 'gzip', /524288 bytes unpacked/],
  ['a bomb of brotli', brotliCompressSync(Buffer.alloc(9_000_000)), 'brotli', /bytes unpacked/],
  ['a bomb of zstd', zstdCompressSync(Buffer.alloc(9_000_000)), 'zstd', /bytes unpacked/],
  ['a bomb of bzip2', BZIP2_BOMB, 'bzip2', /bytes unpacked/],
  ['a long body', Buffer.alloc(BODY_BYTES_MAX + 1), 'gzip', /bytes packed/],
  ['a long body of bzip2', Buffer.alloc(200_000), 'bzip2', /131072 bytes packed/],
] as const) {
  test(`${what} is refused`, (t) => {
    const error = t.throws(() => unpack(body, compression))
    t.true(isCoded(error, 'MESSAGE_INVALID'))
    t.regex(error.message, reason)
  })
}

test('a body as long as the bound is still unpacked', (t) => {
  t.is(unpack(gzipSync(Buffer.alloc(BODY_BYTES_MAX)), 'gzip').byteLength, BODY_BYTES_MAX)
})

test('no body does anything but unpack or be refused', (t) => {
  const names = fc.constantFrom('gzip', 'bzip2', 'brotli', 'zstd')
  const property = fc.property(fc.uint8Array(), names, fc.boolean(), (bytes, name, begun) => {
    const body = begun && name === 'bzip2' ? Buffer.concat([BZIP2.subarray(0, 14), bytes]) : bytes
    try {
      return unpack(body, name).byteLength <= BODY_BYTES_MAX
    } catch (error) {
      return isCoded(error, 'MESSAGE_INVALID')
    }
  })
  holds(t, property)
})
