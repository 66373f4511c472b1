/** Makes switches over unions total: the compiler refuses a switch with a missing case. */

/** Throws RangeError. This is reached only with an input of the wrong type. */
export function assertNever(value: never): never {
  throw new RangeError(`unexpected case: ${JSON.stringify(value)}`)
}
