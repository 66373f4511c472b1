/** What must hold for whatever input fast-check makes up, as an assertion of AVA. */
import type { ExecutionContext } from 'ava'
import * as fc from 'fast-check'

/** Fails with the smallest counterexample that was found, and with the seed and the path that make it again. */
export function holds<Inputs>(
  t: ExecutionContext,
  property: fc.IProperty<Inputs>,
  options: fc.Parameters<Inputs> = {},
): void {
  const details = fc.check(property, { includeErrorInReport: true, ...options })
  t.false(details.failed, fc.defaultReportMessage(details))
}

/** The same for a property that waits. */
export async function holdsAsync<Inputs>(
  t: ExecutionContext,
  property: fc.IAsyncProperty<Inputs>,
  options: fc.Parameters<Inputs> = {},
): Promise<void> {
  const details = await fc.check(property, { includeErrorInReport: true, ...options })
  t.false(details.failed, fc.defaultReportMessage(details))
}
