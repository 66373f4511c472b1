/** One thread of the simulator: runs the seeds that it receives, one after the other. */
import { parentPort } from 'node:worker_threads'
import { loadConfig } from '../load-config.ts'
import { rulesOf } from '../roles/rules.ts'
import { FULL_SIZE, runSeed } from './run-seed.ts'
import type { SeedSummary } from './seed-pool.ts'

const loaded = loadConfig(undefined)
if (loaded.kind === 'invalid') throw new Error('the embedded defaults contradict each other')
const rules = rulesOf(loaded.config)

parentPort?.on('message', (seed: number) => void answer(seed))

async function answer(seed: number): Promise<void> {
  const { violations, simulatedMs, tally } = await runSeed({ seed, size: FULL_SIZE, rules })
  const summary: SeedSummary = { seed, broken: violations.length > 0, simulatedMs, tally }
  parentPort?.postMessage(summary)
}
