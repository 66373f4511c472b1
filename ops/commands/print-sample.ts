/** `print-sample`: every option with its default and what it means. */
import { renderSample } from '../config/render-sample.ts'

/** Always 0. */
export async function printSample(): Promise<number> {
  process.stdout.write(renderSample())
  return 0
}
