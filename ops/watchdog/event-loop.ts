/**
 * Watches the event loop. The main thread advances a beat that a worker thread reads. When the beat stands still for too long,
 * the worker ends the process, so that systemd or the container engine starts it again: nothing in a process can help itself
 * while its only thread is stuck. A stalled leader has lost its lease by then.
 *
 * The worker counts its own looks, never a clock. A process that was stopped or suspended has not looked meanwhile, so it is
 * not ended when it wakes up; nor is one that gets no processor at all.
 */
import { extname } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import type { LogPort } from '../../actors/ports/log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { BEATS, LOOKS } from './shared-beat.ts'

/** In a package, all files are JavaScript. */
const LOOP_WORKER = new URL(`event-loop-worker${extname(import.meta.url)}`, import.meta.url)

/** How often the main thread advances the beat. */
const BEAT_MS = 250
/** How often the worker looks. */
const LOOK_MS = 500
/**
 * The process is ended after so long without a beat. The longest honest pauses (a large garbage collection, SQLite waiting for
 * a slow disk) take a few seconds; a lease lasts 6 s by default; systemd waits for 30 s (`WatchdogSec`).
 */
export const STALL_MAX_MS = 15_000
/** A shorter stall is one line of the log. */
const STALL_TOLD_MS = 1000

export interface EventLoopWatch extends AsyncDisposable {
  /** How late the loop has been since the last question, 99th percentile, ms. */
  delayP99Ms(): number
}

interface Watching {
  readonly log: LogPort
  readonly metrics: Metrics
}

/** Begins to watch the event loop of this process. */
export function watchEventLoop(
  { log, metrics }: Watching,
  stallMaxMs: number = STALL_MAX_MS,
): EventLoopWatch {
  const shared = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(LOOP_WORKER, {
    workerData: { shared, lookMs: LOOK_MS, looksMax: Math.ceil(stallMaxMs / LOOK_MS) },
    // The options of the main thread size its heap; the worker needs next to none.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  })
  worker.unref()
  const delays = monitorEventLoopDelay({ resolution: 20 })
  delays.enable()
  let beatAtMs = performance.now()
  let looks = 0
  const beat = setInterval(() => {
    Atomics.add(shared, BEATS, 1)
    const nowMs = performance.now()
    const stoodMs = nowMs - beatAtMs - BEAT_MS
    const looked = Atomics.load(shared, LOOKS) - looks
    looks += looked
    beatAtMs = nowMs
    if (stoodMs < STALL_TOLD_MS) return
    const forMs = Math.round(stoodMs)
    // A worker that did not look either was stopped together with this thread.
    if (looked * LOOK_MS < stoodMs / 2) {
      log.warn({ forMs }, 'this process was stopped or suspended, or had no processor')
      return
    }
    metrics.count('instance_ha_event_loop_stalls_total')
    log.warn({ forMs }, 'the event loop of this process stood still')
  }, BEAT_MS)
  beat.unref()
  return {
    delayP99Ms() {
      const p99Ms = delays.percentile(99) / 1e6
      delays.reset()
      return Number.isFinite(p99Ms) ? p99Ms : 0
    },
    async [Symbol.asyncDispose]() {
      clearInterval(beat)
      delays.disable()
      await worker.terminate()
    },
  }
}
