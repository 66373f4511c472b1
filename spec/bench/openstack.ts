/**
 * Recoveries of sixty instances on the cloud that the OS_* variables name, and a bare script that
 * requests the same evacuations: in turn, several rounds in one run. Medians are compared, because
 * the speed of a machine changes from minute to minute.
 */
import { requireCloud } from '../openstack/preflight.ts'
import { runBareScript } from './bare-script.ts'
import { median, type Figure } from './figure.ts'
import { doom, openOpenstackScene } from './openstack-scene.ts'
import { measureRecovery, type MeasuredRecovery } from './recovery.ts'

const INSTANCES = 60
/** The script runs once with each of these counts, and the best of them is used in the rounds. */
const CONCURRENCIES = [8, 20, INSTANCES]
const ROUNDS = 5

/** One round: the time of the script, and our recovery. */
interface Round {
  readonly bareMs: number
  readonly ours: MeasuredRecovery
}

/** Everything that it needs is checked before anything is made. */
export async function measureOpenstack(): Promise<readonly Figure[]> {
  await requireCloud({ instances: INSTANCES, deaths: true })
  const tried: { readonly concurrency: number; readonly tookMs: number }[] = []
  for (const concurrency of CONCURRENCIES) {
    const tookMs = await runBare(concurrency)
    tell(`bare script, ${concurrency} at a time: ${seconds(tookMs)}`)
    tried.push({ concurrency, tookMs })
  }
  const { concurrency } = tried.reduce((one, other) => (other.tookMs < one.tookMs ? other : one))
  const rounds: Round[] = []
  while (rounds.length < ROUNDS) rounds.push(await runRound(rounds.length, concurrency))
  return figuresOf(rounds, concurrency)
}

/** Who goes first changes from round to round, so that a drift of the machine favours nobody. */
async function runRound(index: number, concurrency: number): Promise<Round> {
  let ours = index % 2 === 0 ? await recover() : undefined
  const bareMs = await runBare(concurrency)
  ours ??= await recover()
  const { tookMs, requests, logins, cpuMs } = ours
  tell(
    `round ${index + 1}: ours ${seconds(tookMs)}, bare ${seconds(bareMs)}; ` +
      `${requests} requests, ${logins} logins, ${seconds(cpuMs)} of CPU`,
  )
  return { bareMs, ours }
}

function figuresOf(rounds: readonly Round[], concurrency: number): readonly Figure[] {
  const ours = rounds.map((round) => round.ours)
  const of = (value: (one: MeasuredRecovery) => number): readonly number[] => ours.map(value)
  const tookMs = of((one) => one.tookMs)
  const bareMs = rounds.map((round) => round.bareMs)
  const cpuMs = of((one) => one.cpuMs)
  const name = `OpenStack, ${INSTANCES} instances, ${ROUNDS} rounds`
  return [
    {
      what: `${name}: time to a bare script's, medians`,
      value: median(tookMs) / median(bareMs),
      unit: '×',
      target: atMost(1.1),
      remark: `ours ${listed(tookMs)}; bare ${listed(bareMs)}, ${concurrency} at a time`,
    },
    {
      what: `${name}: requests, the most`,
      value: Math.max(...of((one) => one.requests)),
      unit: '',
      target: atMost(90),
    },
    {
      what: `${name}: logins, the most`,
      value: Math.max(...of((one) => one.logins)),
      unit: '',
      target: atMost(1),
    },
    {
      what: `${name}: CPU of gateway and engine, median`,
      value: median(cpuMs) / 1000,
      unit: 's',
      target: atMost(1.5),
      remark: listed(cpuMs),
    },
    {
      what: `${name}: own time to first evacuate, median`,
      value: median(of((one) => one.ownMs)) / 1000,
      unit: 's',
      target: atMost(0.5),
    },
  ]
}

const atMost = (value: number) => ({ kind: 'at-most', value }) as const

async function runBare(concurrency: number): Promise<number> {
  await using doomed = await doom(INSTANCES)
  return await runBareScript(doomed, concurrency)
}

async function recover(): Promise<MeasuredRecovery> {
  await using scene = await openOpenstackScene(INSTANCES)
  return await measureRecovery(scene)
}

const tell = (line: string): void => void process.stdout.write(`       ${line}\n`)

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

const listed = (values: readonly number[]): string => values.map(seconds).join(', ')
