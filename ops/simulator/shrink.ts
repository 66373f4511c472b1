/**
 * Shrinks a failing plan: removes faults one by one as long as the run still fails in the same way.
 */
import type { PlannedFault } from './fault-plan.ts'
import { runFaults, type Run, type RunReport } from './run-seed.ts'

export interface Shrunk {
  readonly faults: readonly PlannedFault[]
  readonly report: RunReport
}

/**
 * Runs the plan again and again with one fault less. The order is fixed, so the same plan always
 * shrinks to the same result.
 */
export async function shrink(run: Run, report: RunReport): Promise<Shrunk> {
  let smallest: Shrunk = { faults: run.faults, report }
  for (let index = 0; index < smallest.faults.length;) {
    const faults = smallest.faults.toSpliced(index, 1)
    const again = await runFaults({ ...run, faults })
    if (failsAlike(again, report)) smallest = { faults, report: again }
    else index += 1
  }
  return smallest
}

/** True when both break the same promise, by any process and at any time. */
function failsAlike(one: RunReport, other: RunReport): boolean {
  const promise = promiseOf(other.violations[0] ?? '')
  return one.violations.some((violation) => promiseOf(violation) === promise)
}

/** A violation begins with the number of the promise. */
const promiseOf = (violation: string): string | undefined => violation.split(' ', 1)[0]
