/** `print-sample`: prints every option with its default and its meaning. */
import { renderSample } from '../config/render-sample.ts'

/** Returns 0. */
export async function printSample(): Promise<number> {
  process.stdout.write(renderSample())
  return 0
}
