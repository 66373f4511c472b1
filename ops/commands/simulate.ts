/** `simulate`: searches for broken promises in a simulated world. */

/** Replaced by the simulator's own. */
export async function simulate(_args: readonly string[]): Promise<number> {
  return 2
}
