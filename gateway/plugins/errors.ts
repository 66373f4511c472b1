/** Turns every error into an answer of the API. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { CodedError, describeError } from '../../schema/errors.ts'
import type { GatewayApp } from '../app.ts'
import { codedFault, fault, plain, unauthorized, type FaultAnswer } from '../http/faults.ts'

/** Sends a prepared fault. */
export function sendFault(reply: FastifyReply, prepared: FaultAnswer): FastifyReply {
  return reply.code(prepared.status).headers(prepared.headers).send(prepared.body)
}

/** Answers an error. An unexpected error is logged in full, and the answer shows no internals. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  authUrl: string | undefined,
): FastifyReply {
  if (error instanceof CodedError && error.code === 'TOKEN_INVALID') {
    return sendFault(reply, unauthorized(authUrl))
  }
  const known = error instanceof CodedError ? codedFault(error) : frameworkFault(error)
  if (known === undefined || known.status >= 500) {
    const stack = error instanceof Error ? error.stack : undefined
    request.log.error({ reason: describeError(error), stack }, 'the request failed')
  }
  return sendFault(reply, known ?? fault(500, unforeseen(request.id)))
}

/** Installs the error handler. */
export function answerErrors(app: GatewayApp, authUrl: string | undefined): void {
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, authUrl))
}

const unforeseen = (requestId: string): string =>
  `An unexpected error prevented the server from answering. Please report it with the request id ${requestId}.`

function frameworkFault(error: unknown): FaultAnswer | undefined {
  if (!isFrameworkError(error)) return undefined
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return plain(413, 'Request is too large.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return fault(415, 'Unsupported Content-Type')
    case 'FST_ERR_HANDLER_TIMEOUT':
      return fault(504, 'The answer was not ready in time.')
    case 'FST_ERR_BAD_URL':
      return fault(400, 'Malformed request url')
    default:
      return error.statusCode < 500 ? fault(error.statusCode, error.message) : undefined
  }
}

interface FrameworkError {
  readonly code: string
  readonly statusCode: number
  readonly message: string
}

const isFrameworkError = (error: unknown): error is FrameworkError =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code.startsWith('FST_') &&
  'statusCode' in error &&
  typeof error.statusCode === 'number'
