/**
 * What happens first to every request under /v1: it gets an id, its body is read as JSON, and the
 * answer gets the right type.
 */
import type { FastifyRequest } from 'fastify'
import { readBoundedJson, type JsonBounds } from '../../schema/bounded-json.ts'
import { CodedError } from '../../schema/errors.ts'
import { isUuid } from '../../schema/ids.ts'
import type { GatewayApp } from '../app.ts'
import { unknownPath } from '../http/faults.ts'
import { sendFault } from './errors.ts'

const VENDOR_TYPE = 'application/vnd.openstack.masakari+json'
const JSON_TYPES = ['', 'application/json', VENDOR_TYPE, 'text/plain']

/** Adds `x-openstack-request-id` to every answer. */
export function nameRequests(app: GatewayApp): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-openstack-request-id', request.id)
  })
}

/**
 * The id that the caller gave this request for all services; undefined when the header has no id of
 * this form.
 */
export function globalRequestId(request: FastifyRequest): string | undefined {
  const id = request.headers['x-openstack-request-id']
  return typeof id === 'string' && id.startsWith('req-') && isUuid(id.slice(4)) ? id : undefined
}

/**
 * A path with a slash at the end does not name an empty id. It is answered with 404, as the router
 * does.
 */
export function refuseTrailingSlashes(app: GatewayApp): void {
  app.addHook('onRequest', async (request, reply) => {
    const [path = ''] = request.url.split('?', 1)
    if (path.endsWith('/')) return sendFault(reply, unknownPath())
  })
}

/** The bodies of the API have four levels. Their length is checked while they arrive. */
const BODY_BOUNDS: JsonBounds = { characters: Number.MAX_SAFE_INTEGER, depth: 16, members: 100_000 }

/**
 * Reads JSON, vendor JSON, plain text and bodies without a type as JSON, and refuses every other
 * type.
 */
export function readJson(app: GatewayApp): void {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decoded = (body: Buffer): string => {
    try {
      return decoder.decode(body)
    } catch (cause) {
      throw malformed(cause)
    }
  }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      const [type = ''] = (request.headers['content-type'] ?? '').split(';')
      if (!JSON_TYPES.includes(type.trim().toLowerCase())) {
        throw new CodedError('MEDIA_TYPE_UNSUPPORTED', 'Unsupported Content-Type')
      }
      if (body.length === 0) return undefined
      const reading = readBoundedJson(decoded(body), BODY_BOUNDS)
      if (reading.kind === 'read') return reading.value
      if (reading.kind === 'malformed') throw malformed()
      throw new CodedError(
        'INPUT_INVALID',
        `Invalid input for field/attribute body. The body ${reading.reason}`,
      )
    },
  )
}

const malformed = (cause?: unknown): CodedError =>
  new CodedError('INPUT_INVALID', 'Malformed request body', { cause })

/**
 * Gives successful answers a type without a charset: the vendor's type for callers that accept it.
 */
export function typeAnswers(app: GatewayApp): void {
  app.addHook('onSend', async (request, reply) => {
    const type = reply.getHeader('content-type')
    if (reply.statusCode >= 300 || typeof type !== 'string' || !type.includes('json')) return
    const wantsVendorType = (request.headers.accept ?? '').includes(VENDOR_TYPE)
    reply.header('content-type', wantsVendorType ? VENDOR_TYPE : 'application/json')
  })
}
