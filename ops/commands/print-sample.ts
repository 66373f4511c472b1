/** `print-sample`: prints every option with its default and its meaning. */
import { parseArgs } from 'node:util'
import { renderSample } from '../config/render-sample.ts'

/** Returns 0. */
export async function printSample(args: readonly string[]): Promise<number> {
  parseArgs({ args: [...args] })
  process.stdout.write(renderSample())
  return 0
}
