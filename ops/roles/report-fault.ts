/** What everybody may read about a write that failed. */
import type { ReportFault } from '../../actors/ports/reports.ts'
import { isCoded } from '../../schema/errors.ts'

/** Our own refusals in their words; what a database says stays in the log, for it may name addresses and rows. */
export function faultOf(error: unknown): ReportFault {
  if (!isCoded(error)) return { code: 'Error', message: 'It failed for a reason of its own.' }
  const { code, status, message } = error
  return { code, message: status < 500 ? message : 'The database did not take it.' }
}
