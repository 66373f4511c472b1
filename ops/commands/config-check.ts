/** `config check`: loads a configuration as `run` does, and says what is in it. It connects nowhere. */
import { problemsOfFiles } from '../config/check-files.ts'
import { checkReport, describeReport } from '../config/check-report.ts'
import { describeProblems, loadConfig } from '../load-config.ts'

interface CheckRequest {
  readonly config: string
  readonly json: boolean
}

/** Exit statuses: 0 it can be used; 1 it cannot. */
export async function configCheck({ config: file, json }: CheckRequest): Promise<number> {
  const loaded = loadConfig(file)
  const problems =
    loaded.kind === 'invalid'
      ? loaded.problems.map((problem) => describeProblems([problem]))
      : problemsOfFiles(loaded.config)
  if (loaded.kind === 'invalid' || problems.length > 0) {
    if (json) process.stdout.write(`${JSON.stringify({ usable: false, problems })}\n`)
    else process.stderr.write(`The configuration cannot be used:\n${problems.join('\n')}\n`)
    return 1
  }
  const report = checkReport(loaded.config, loaded.given, loaded.notes)
  process.stdout.write(
    json ? `${JSON.stringify({ usable: true, ...report })}\n` : describeReport(report),
  )
  return 0
}
