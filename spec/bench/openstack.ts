/** A recovery of sixty instances on the cloud that the OS_* variables name, beside a bare script that fires the same evacuations. */
import { runBareScript } from './bare-script.ts'
import type { Figure } from './figure.ts'
import { doom, openOpenstackScene } from './openstack-scene.ts'
import { measureRecovery } from './recovery.ts'

const INSTANCES = 60
/** The script's best of these counts. */
const CONCURRENCIES = [8, 20, INSTANCES]

/** One after the other on the same cloud. */
export async function measureOpenstack(): Promise<readonly Figure[]> {
  const bare: { readonly concurrency: number; readonly tookMs: number }[] = []
  for (const concurrency of CONCURRENCIES) {
    await using doomed = await doom(INSTANCES)
    bare.push({ concurrency, tookMs: await runBareScript(doomed, concurrency) })
  }
  await using scene = await openOpenstackScene(INSTANCES)
  const { figures, tookMs, cpuMs } = await measureRecovery(scene)
  const best = bare.reduce((one, other) => (other.tookMs < one.tookMs ? other : one))
  return [
    ...figures,
    {
      what: `${scene.name}: time to a bare script's, ${INSTANCES} instances`,
      value: tookMs / best.tookMs,
      unit: '×',
      target: { kind: 'at-most', value: 1.15 },
      remark: `${seconds(tookMs)} with fence, journal and last look; bare: ${bare
        .map((run) => `${seconds(run.tookMs)} by ${run.concurrency}`)
        .join(', ')}`,
    },
    {
      what: `${scene.name}: CPU of gateway and engine, ${INSTANCES} instances`,
      value: cpuMs / 1000,
      unit: 's',
      target: { kind: 'at-most', value: 2 },
    },
  ]
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
