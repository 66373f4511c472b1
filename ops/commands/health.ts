/** `health`: asks a process of this machine or container whether it can work, for container engines and scripts. */
import { describeError } from '../../schema/errors.ts'
import { harmless } from '../tap/harmless.ts'
import { healthPlace } from '../load-config.ts'

/** The engine runs it every few seconds, and gives up on it after a few more. */
const ANSWER_MS_MAX = 5000

/** Exit statuses: 0 it can work; 1 it cannot, or does not answer. */
export async function health(): Promise<number> {
  const place = healthPlace(process.env)
  try {
    const answer = await fetch(`http://${place}/health/ready`, {
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
    const { checks }: { readonly checks?: unknown } = Object(await answer.json())
    const reasons = Array.isArray(checks) ? checks.flatMap(reasonOf) : []
    process.stdout.write(`${answer.ok ? 'healthy' : 'unhealthy'}\n${reasons.join('')}`)
    return answer.ok ? 0 : 1
  } catch (error) {
    process.stdout.write(`unhealthy\nnothing answers at ${place}: ${describeError(error)}\n`)
    return 1
  }
}

/** What fails may be the fault of others: then this process is healthy all the same. */
function reasonOf(check: unknown): readonly string[] {
  const { ok, name, reason }: Readonly<Record<string, unknown>> = Object(check)
  return ok === true ? [] : [harmless(`${String(name)}: ${String(reason)}`), '\n']
}
