/** An assertion of AVA for properties that must hold for all inputs of fast-check. */
import type { ExecutionContext } from 'ava'
import * as fc from 'fast-check'

/** Fails with the smallest counterexample, and with the seed and the path that repeat it. */
export function holds<Inputs>(
  t: ExecutionContext,
  property: fc.IProperty<Inputs>,
  options: fc.Parameters<Inputs> = {},
): void {
  const details = fc.check(property, { includeErrorInReport: true, ...options })
  t.false(details.failed, fc.defaultReportMessage(details))
}

/** The same for an asynchronous property. */
export async function holdsAsync<Inputs>(
  t: ExecutionContext,
  property: fc.IAsyncProperty<Inputs>,
  options: fc.Parameters<Inputs> = {},
): Promise<void> {
  const details = await fc.check(property, { includeErrorInReport: true, ...options })
  t.false(details.failed, fc.defaultReportMessage(details))
}
