/** Reads a command line, and does what its verb says. */
import { isCoded, isRefusal } from '../../schema/errors.ts'
import { harmless } from '../tap/harmless.ts'
import { PROGRAM, readCommandLine } from './program.ts'

/** Returns the exit status: 0 done, 1 failed, 2 wrong use. A defect is thrown. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  const request = await readCommandLine(words)
  if (request.kind === 'answered') return request.status
  try {
    return await request.verb.run(request.given)
  } catch (error) {
    if (!isCoded(error)) throw error
    process.stderr.write(`${PROGRAM}: ${harmless(error.message)}\n`)
    return isRefusal(error) ? 2 : 1
  }
}
