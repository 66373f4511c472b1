/** The refusals of the simulated Nova. */
import { CodedError } from '../../schema/errors.ts'

export const refused = (why: string): CodedError =>
  new CodedError('COMPUTE_REFUSED', `Nova refuses: ${why}`)

export const unavailable = (why: string): CodedError =>
  new CodedError('COMPUTE_UNAVAILABLE', `Nova fails: ${why}`)

export const notFound = (what: string): CodedError =>
  new CodedError('COMPUTE_NOT_FOUND', `Nova does not know ${what}`)

export const hidden = (host: string): CodedError =>
  new CodedError('COMPUTE_UNAVAILABLE', `Nova does not show ${host}: its cell may be down`)
