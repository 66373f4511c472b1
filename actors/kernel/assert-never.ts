/** Makes switches over unions total: the compiler refuses a forgotten case. */

/** Throws RangeError; reached only when untyped input slipped through. */
export function assertNever(value: never): never {
  throw new RangeError(`unexpected case: ${JSON.stringify(value)}`)
}
