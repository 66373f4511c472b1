/** What every verb of a running cloud is asked. */
import { CodedError } from '../../../schema/errors.ts'
import type { Row } from '../../client/api.ts'

export interface CloudRequest {
  readonly 'os-cloud': string | undefined
  /** JSON for programs. */
  readonly json: boolean
}

/** CONFIG_INVALID when nothing would be changed. */
export function requireChange(change: Row, options: string): void {
  if (Object.keys(change).length > 0) return
  throw new CodedError('CONFIG_INVALID', `say what to change: ${options}`)
}
