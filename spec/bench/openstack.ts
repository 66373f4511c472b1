/**
 * A recovery of sixty instances on the cloud that the OS_* variables name, between runs of a bare
 * script that requests the same evacuations.
 */
import { runBareScript } from './bare-script.ts'
import type { Figure } from './figure.ts'
import { doom, openOpenstackScene } from './openstack-scene.ts'
import { measureRecovery, type MeasuredRecovery } from './recovery.ts'

const INSTANCES = 60
/** The script runs with each of these counts, and its best result is used. */
const CONCURRENCIES = [8, 20, INSTANCES]

interface BareRun {
  readonly concurrency: number
  readonly tookMs: number
}

/**
 * One after the other on the same cloud. The best script runs before and after us, because a cloud
 * changes with its load.
 */
export async function measureOpenstack(): Promise<readonly Figure[]> {
  const runs: BareRun[] = []
  for (const concurrency of CONCURRENCIES) runs.push(await runBare(concurrency))
  const best = runs.reduce((one, other) => (other.tookMs < one.tookMs ? other : one))
  const { name, figures, tookMs, cpuMs } = await recover()
  runs.push(await runBare(best.concurrency))
  return [
    ...figures,
    {
      what: `${name}: time to a bare script's, ${INSTANCES} instances`,
      value: tookMs / meanOf(runs.filter(({ concurrency }) => concurrency === best.concurrency)),
      unit: '×',
      target: { kind: 'at-most', value: 1.15 },
      remark: `${seconds(tookMs)} with fence, journal and last look; bare: ${runs
        .map((run) => `${seconds(run.tookMs)} by ${run.concurrency}`)
        .join(', ')}`,
    },
    {
      what: `${name}: CPU of gateway and engine, ${INSTANCES} instances`,
      value: cpuMs / 1000,
      unit: 's',
      target: { kind: 'at-most', value: 2 },
    },
  ]
}

async function runBare(concurrency: number): Promise<BareRun> {
  await using doomed = await doom(INSTANCES)
  return { concurrency, tookMs: await runBareScript(doomed, concurrency) }
}

async function recover(): Promise<MeasuredRecovery & { readonly name: string }> {
  await using scene = await openOpenstackScene(INSTANCES)
  return { name: scene.name, ...(await measureRecovery(scene)) }
}

const meanOf = (runs: readonly BareRun[]): number =>
  runs.reduce((sum, { tookMs }) => sum + tookMs, 0) / runs.length

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
