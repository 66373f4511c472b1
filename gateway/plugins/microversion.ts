/** Negotiates the microversion `OpenStack-API-Version: instance-ha 1.Y`. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Frozen } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { unknownPath } from '../http/faults.ts'
import { invalidField } from '../input/validation.ts'
import { sendFault } from './errors.ts'

const SERVICE = 'instance-ha'
const HEADER = 'openstack-api-version'
const FORMAT = /^([1-9]\d*)\.(0|[1-9]\d*)$/

const MAJOR = 1
const MINOR_MAX = 4

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The minor number of the microversion that introduced the route. In earlier versions the path
     * does not exist.
     */
    readonly since?: number
  }
}

/** The microversion that introduced what Masakari does not have. */
export const OWN_MINOR = MINOR_MAX

export const VERSION_MIN = `${MAJOR}.0`
export const VERSION_MAX = `${MAJOR}.${MINOR_MAX}`

/** Sets `request.minor` and the headers of the answer, for every path that the router knows. */
export function negotiateMicroversion(app: GatewayApp): void {
  app.decorateRequest('minor', 0)
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return
    negotiate(request, reply)
    if (request.minor < (request.routeOptions.config.since ?? 0)) {
      return sendFault(reply, unknownPath())
    }
  })
}

function negotiate(request: FastifyRequest, reply: FastifyReply): void {
  const asked = askedVersion(request.headers[HEADER])
  const match = FORMAT.exec(asked)
  if (match === null) {
    throw new CodedError(
      'INPUT_INVALID',
      `API Version String ${asked.slice(0, 64)} is of invalid format. Must be of format MajorNum.MinorNum.`,
    )
  }
  reply.headers({ [HEADER]: `${SERVICE} ${asked.slice(0, 64)}`, vary: 'OpenStack-API-Version' })
  const minor = Number(match[2])
  if (Number(match[1]) !== MAJOR || minor > MINOR_MAX) {
    throw new CodedError(
      'VERSION_UNSUPPORTED',
      `Version ${asked.slice(0, 64)} is not supported by the API. Minimum is ${VERSION_MIN} and maximum is ${VERSION_MAX}.`,
    )
  }
  request.minor = minor
}

/**
 * The version that was requested of this service; the lowest one when the header does not name this
 * service, or names it without a version.
 */
function askedVersion(header: string | readonly string[] | undefined): string {
  if (header === undefined) return VERSION_MIN
  const text = typeof header === 'string' ? header : header.join(',')
  const ours = text
    .split(',')
    .map((part) => part.trim().split(/\s+/))
    .findLast(([service]) => service?.toLowerCase() === SERVICE)
  const version = ours?.slice(1).join(' ') ?? ''
  if (version === '') return VERSION_MIN
  return version.toLowerCase() === 'latest' ? VERSION_MAX : version
}

/** Before 1.4, nothing of a segment can be changed while one of its hosts is being recovered. */
export const frozenFor = ({ minor }: FastifyRequest): Frozen =>
  minor < OWN_MINOR ? 'all' : 'all-but-switches'

/** A check for bodies: the member `field` of `resource` exists only since 1.`minor`. */
export const fieldSince =
  (minor: number, resource: string, field: string) =>
  async (request: FastifyRequest): Promise<void> => {
    if (request.minor >= minor) return
    const body = memberOf(request.body, resource)
    if (memberOf(body, field) === undefined) return
    throw invalidField(
      resource,
      body,
      `Additional properties are not allowed ('${field}' was unexpected)`,
    )
  }

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
