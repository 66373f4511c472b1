/** The thread that ends a process whose event loop stands still. It touches nothing that the main thread may hold. */
import { write } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { BEATS, LOOKS } from './shared-beat.ts'

const { shared, lookMs, looksMax } = workerData as {
  readonly shared: Int32Array
  readonly lookMs: number
  readonly looksMax: number
}

const STDERR = 2
/** How long the last line may take. */
const WRITE_MS_MAX = 1000
/** Nobody ever wakes the worker. */
const NEVER = new Int32Array(new SharedArrayBuffer(4))

let beats = -1
let looksWithoutBeat = 0
while (looksWithoutBeat < looksMax) {
  Atomics.wait(NEVER, 0, 0, lookMs)
  Atomics.add(shared, LOOKS, 1)
  const seen = Atomics.load(shared, BEATS)
  looksWithoutBeat = seen === beats ? looksWithoutBeat + 1 : 0
  beats = seen
}
const line = {
  level: 'error',
  time: new Date().toISOString(),
  forMs: looksWithoutBeat * lookMs,
  msg: 'the event loop of this process stands still, so the process is killed',
}
// SIGKILL, and not SIGABRT: an image of the memory would hold passwords.
const kill = (): void => void process.kill(process.pid, 'SIGKILL')
// The log of the main thread cannot be used. When nobody reads stderr, which may be why the loop
// stands still, the process must end all the same.
write(STDERR, `${JSON.stringify(line)}\n`, kill)
setTimeout(kill, WRITE_MS_MAX)
