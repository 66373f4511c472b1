/** `npm run chaos`: disturbs a whole deployment without mercy, and says which promises it broke. The last line of its output is one JSON object. */
import { createWriteStream } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { formatEntry } from '../../transports/simulated/ledger.ts'
import { temporaryDirectory } from '../support/process.ts'
import { breakPromise } from './breakages.ts'
import { collect, countUnfinished, latestStep, pendingFaults } from './evidence.ts'
import { FailoverWatch } from './failovers.ts'
import { FaultSource, paceOf } from './faults.ts'
import { FootprintWatch } from './footprint.ts'
import { Forger } from './forger.ts'
import { judge } from './judge.ts'
import { Nuisances } from './nuisances.ts'
import { readPlan, type ChaosPlan } from './plan.ts'
import { Reporter } from './reporter.ts'
import { summaryOf } from './summary.ts'
import { openChaosWorld, type ChaosWorld } from './world.ts'

/** Hosts are heard and guests are seen before anything breaks. */
const CALM_MS = 10_000
const SAMPLE_MS = 5000
/**
 * Everything is healed. The product may take as long as this machine lets it, but not so long for one step: ten minutes are the deadline
 * of an evacuation that hangs in Nova.
 */
const STALLED_MS = 660_000
/** How long nothing was unfinished. */
const QUIET_MS = 6000
/** An evacuation must be under way to be asked for again, so a host dies for it at the beginning. */
const BREAK_EARLY_MS = 2000
/** Other promises are broken so long before the end. */
const BREAK_BEFORE_END_MS = 2000

const say = (line: string): void => {
  process.stderr.write(`${new Date().toISOString().slice(11, 23)} ${line}\n`)
}

/** 0 when every promise was kept. */
async function chaos(plan: ChaosPlan): Promise<number> {
  await using directory = await temporaryDirectory('chaos')
  const logs = await mkdtemp(join(tmpdir(), 'instance-ha-chaos-logs-'))
  const startedAtMs = performance.now()
  await using world = await openChaosWorld(plan, { directory: directory.path, logs }, say)
  await using failovers = await FailoverWatch.open(world)
  await using watch = startWatch(world, logs)
  await sleep(CALM_MS)
  say(`the chaos begins after ${Math.round((performance.now() - startedAtMs) / 1000)} s`)
  const { forger, nuisances, faults } = await disturb(world, plan, failovers)
  await using _forger = forger
  say('everything is healed; what has begun may end')
  const settledMs = await settle(world, faults)
  await watch.footprints.sample(world.processes())
  const evidence = await collect(world, watch.footprints)
  const findings = judge(evidence)
  const { serviceDeaths } = world.truth
  const told = {
    plan,
    logs,
    evidence,
    findings,
    failovers,
    nuisances,
    forger,
    settledMs,
    serviceDeaths,
  }
  const summary = summaryOf({ ...told, loopDelayMsMax: watch.loopDelayMsMax() })
  process.stdout.write(`${JSON.stringify(summary)}\n`)
  return findings.length === 0 ? 0 : 1
}

/** Faults and nuisances until the time is over and everything is healed. */
async function disturb(world: ChaosWorld, plan: ChaosPlan, failovers: FailoverWatch) {
  const random = new SeededRandom(plan.seed)
  const over = AbortSignal.timeout(plan.durationMs)
  const givenUp = new AbortController()
  const reporter = new Reporter(world, random.fork('reporter'), givenUp.signal)
  const faults = new FaultSource(world, random.fork('faults'), reporter, say)
  const forger = await Forger.open(world, random.fork('forger'))
  const nuisances = new Nuisances({
    world,
    random: random.fork('nuisances'),
    failovers,
    faults,
    say,
  })
  const breaking = async (): Promise<void> => {
    if (plan.breakage === undefined) return
    const isEarly = plan.breakage === 'second-evacuation'
    await sleep(isEarly ? BREAK_EARLY_MS : plan.durationMs - BREAK_BEFORE_END_MS)
    await breakPromise(world, plan.breakage, faults)
    say(`broken on purpose: ${plan.breakage}`)
  }
  await Promise.all([
    faults.run(paceOf(plan.hosts), over),
    nuisances.run(over),
    forger.run(over),
    breaking(),
  ])
  await reporter.settled()
  givenUp.abort()
  return { forger, nuisances, faults }
}

/** Ms until nothing was unfinished any more, or the product did not get on; the judge says what still is unfinished. */
async function settle(world: ChaosWorld, faults: FaultSource): Promise<number> {
  const fromMs = performance.now()
  let [quietSinceMs, stepAtMs, step] = [fromMs, fromMs, 0]
  const isOpen = async (): Promise<boolean> =>
    (await countUnfinished(world)) > 0 ||
    (await pendingFaults(world)) > 0 ||
    (await faults.countUnanswered()) > 0
  while (performance.now() - stepAtMs < STALLED_MS) {
    await sleep(1000)
    world.truth.readOn()
    if (await isOpen().catch(() => true)) quietSinceMs = performance.now()
    if (performance.now() - quietSinceMs > QUIET_MS) break
    const latest = await latestStep(world).catch(() => step)
    if (latest > step) [step, stepAtMs] = [latest, performance.now()]
  }
  return quietSinceMs - fromMs
}

/** Samples processes and writes the record of the simulated world, until it is disposed. */
function startWatch(world: ChaosWorld, logs: string) {
  const footprints = new FootprintWatch()
  const delays = monitorEventLoopDelay({ resolution: 20 })
  const record = createWriteStream(join(logs, 'world.log'))
  const ending = new AbortController()
  delays.enable()
  const watching = (async (): Promise<void> => {
    while (!ending.signal.aborted) {
      for (const entry of world.truth.readOn()) record.write(`${formatEntry(entry)}\n`)
      await footprints.sample(world.processes())
      await sleep(SAMPLE_MS, undefined, { signal: ending.signal }).catch(() => undefined)
    }
  })()
  return {
    footprints,
    loopDelayMsMax: () => Math.round(delays.max / 1e6),
    async [Symbol.asyncDispose]() {
      ending.abort()
      delays.disable()
      await watching
      record.end()
    },
  }
}

// The machines of the simulated cloud have timers that never end.
process.exit(await chaos(readPlan(process.argv.slice(2))))
