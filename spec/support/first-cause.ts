/**
 * The first error of a failure. When a disposal fails after the body of a spec has failed, JavaScript
 * throws a SuppressedError that hides the error of the body.
 */

/** Does the work; what it throws is the first error, and each later one is told. */
export async function withFirstCause<Result>(
  work: () => Promise<Result>,
  tell: (line: string) => void,
): Promise<Result> {
  try {
    return await work()
  } catch (thrown) {
    const [first, ...later] = errorsOf(thrown)
    for (const error of later) tell(`after that, while cleaning up: ${textOf(error)}`)
    throw first
  }
}

/** All errors in a thrown one, the one that happened first at the beginning. */
function errorsOf(thrown: unknown): readonly unknown[] {
  return thrown instanceof SuppressedError
    ? [...errorsOf(thrown.suppressed), ...errorsOf(thrown.error)]
    : [thrown]
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
