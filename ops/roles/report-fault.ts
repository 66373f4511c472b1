/** What other systems are told about a write that failed. */
import type { ReportFault } from '../../actors/ports/reports.ts'
import { isCoded } from '../../schema/errors.ts'

/**
 * Our own refusals keep their text. Texts of a database stay in the log, because they may contain
 * addresses and rows.
 */
export function faultOf(error: unknown): ReportFault {
  if (!isCoded(error))
    return { code: 'Error', message: 'It failed because of an unexpected error.' }
  const { code, status, message } = error
  return { code, message: status < 500 ? message : 'The database did not accept the write.' }
}
