/**
 * Runs seeds on all cores. A run depends only on its seed, so it does not matter which thread runs
 * it.
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Tally } from './final-checks.ts'

/** In a package, all files are JavaScript. */
const SEED_WORKER = new URL(`seed-worker${extname(import.meta.url)}`, import.meta.url)

/** The result of a run. To see the trace of a broken run, run its seed again. */
export interface SeedSummary {
  readonly seed: number
  readonly broken: boolean
  readonly simulatedMs: number
  readonly tally: Tally
}

interface Answer {
  readonly worker: Worker
  readonly summary: SeedSummary
}

/** The summaries in the order in which the runs end. Throws what a thread throws. */
export async function* runSeeds(seeds: readonly number[]): AsyncGenerator<SeedSummary> {
  const waiting = [...seeds]
  const busy = new Map<Worker, Promise<Answer>>()
  const giveNext = (worker: Worker): void => {
    const seed = waiting.shift()
    if (seed === undefined) busy.delete(worker)
    else busy.set(worker, run(worker, seed))
  }
  const workers = Array.from(
    { length: Math.min(availableParallelism(), seeds.length) },
    () => new Worker(SEED_WORKER),
  )
  try {
    for (const worker of workers) giveNext(worker)
    while (busy.size > 0) {
      const { worker, summary } = await Promise.race(busy.values())
      giveNext(worker)
      yield summary
    }
  } finally {
    for (const worker of workers) await worker.terminate()
  }
}

async function run(worker: Worker, seed: number): Promise<Answer> {
  worker.postMessage(seed)
  // rejects when the thread fails
  const [summary]: readonly SeedSummary[] = await once(worker, 'message')
  if (summary === undefined) throw new Error(`seed ${seed} was answered with nothing`)
  return { worker, summary }
}
