/** Makes a failing plan small: faults are dropped one by one for as long as the run still fails in the same way. */
import type { PlannedFault } from './fault-plan.ts'
import { runFaults, type Run, type RunReport } from './run-seed.ts'

export interface Shrunk {
  readonly faults: readonly PlannedFault[]
  readonly report: RunReport
}

/** Runs a plan again and again with one fault less. The order is fixed, so the same plan shrinks to the same one. */
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

/** The same promise is broken, whoever breaks it and when. */
function failsAlike(one: RunReport, other: RunReport): boolean {
  const promise = promiseOf(other.violations[0] ?? '')
  return one.violations.some((violation) => promiseOf(violation) === promise)
}

/** A violation begins with it. */
const promiseOf = (violation: string): string | undefined => violation.split(' ', 1)[0]
