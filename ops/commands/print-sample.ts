/** `print-sample`: every option with its default and what it means. */
import { parseArgs } from 'node:util'
import { renderSample } from '../config/render-sample.ts'

/** Always 0. */
export async function printSample(args: readonly string[]): Promise<number> {
  parseArgs({ args: [...args] })
  process.stdout.write(renderSample())
  return 0
}
