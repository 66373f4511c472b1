/** `doctor`: checks a configuration against its world, and says what is well and what to do. It changes nothing. */
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { useOf } from '../../schema/config/role-needs.ts'
import type { Config } from '../../schema/config.ts'
import { field, print, printRows } from '../client/output.ts'
import { problemsOfFiles } from '../config/check-files.ts'
import { checkBus } from '../doctor/check-bus.ts'
import { checkCloud } from '../doctor/check-cloud.ts'
import { checkDatabase } from '../doctor/check-database.ts'
import { checkHosts } from '../doctor/check-hosts.ts'
import { finding, type DoctorFinding } from '../doctor/finding.ts'
import { describeProblems, loadConfig } from '../load-config.ts'

interface DoctorRequest {
  readonly config: string
  readonly segment: string | undefined
  readonly json: boolean
}

const COLUMNS = [
  field('part'),
  field('check'),
  field('verdict'),
  field('detail'),
  field('mend', 'what to do'),
]

/** What goes wrong is in the findings. */
const SILENT = { info: ignore, warn: ignore, error: ignore }

function ignore(): void {}

/** Exit statuses: 0 nothing is broken; 1 something is. */
export async function doctor({ config: file, segment, json }: DoctorRequest): Promise<number> {
  const loaded = loadConfig(file)
  const findings =
    loaded.kind === 'invalid'
      ? loaded.problems.map((problem) => unusable(describeProblems([problem])))
      : [...loaded.notes.map(warning), ...(await examineAll(loaded.config, segment))]
  const broken = findings.filter(({ verdict }) => verdict === 'broken')
  printRows({ rows: findings.map((each) => ({ ...each })), columns: COLUMNS, empty: '', json })
  if (!json) print(summaryOf(findings.length, broken.length))
  return broken.length === 0 ? 0 : 1
}

const summaryOf = (all: number, broken: number): string =>
  broken === 0 ? `Checks: ${all}. Nothing is broken.` : `Checks: ${all}. Broken: ${broken}.`

const unusable = (detail: string): DoctorFinding =>
  finding('configuration', 'file', 'broken', {
    detail,
    mend: 'correct the file, and run config check',
  })

const warning = (detail: string): DoctorFinding =>
  finding('configuration', 'note', 'warning', { detail, mend: 'read what config check says' })

async function examineAll(
  config: Config,
  segment: string | undefined,
): Promise<readonly DoctorFinding[]> {
  const problems = problemsOfFiles(config)
  if (problems.length > 0) return problems.map(unusable)
  const clock = new SystemClock()
  const random = new SystemRandom()
  await using closing = new AsyncDisposableStack()
  const ambient = { clock, random, log: SILENT, closing }
  const usesStore = useOf('account of the database', config.node.roles) !== undefined
  progress('the database')
  const database = usesStore
    ? await checkDatabase(config, ambient)
    : { findings: [], store: undefined }
  progress('the bus')
  const bus = await checkBus(config, ambient)
  progress('Keystone, Nova and Placement')
  const cloud = await checkCloud(config, ambient)
  const { store } = database
  if (segment !== undefined) progress(`the hosts of ${segment}`)
  const hosts =
    segment === undefined
      ? []
      : store === undefined
        ? [finding('segment', segment, 'unknown', { detail: 'the database must be well first' })]
        : await checkHosts(config, ambient, { store, services: cloud.services }, segment)
  progress('')
  const file = finding('configuration', 'file', 'well', {
    detail: `roles: ${config.node.roles.join(', ')}`,
  })
  return [file, ...database.findings, ...bus, ...cloud.findings, ...hosts]
}

/** Says on a terminal what is being checked, in a line that the next one replaces. */
function progress(what: string): void {
  if (!process.stderr.isTTY) return
  process.stderr.write(`\r\u001B[K${what === '' ? '' : `checking ${what} …`}`)
}
