/** A process under the watch of its event loop. It says that it runs, and then stands still in the way that it is told. */
import { Metrics } from '../../ops/metrics/metrics.ts'
import { watchEventLoop } from '../../ops/watchdog/event-loop.ts'

const [way = '', stallMaxMs = ''] = process.argv.slice(2)
const say = (fields: unknown, text: string): void =>
  void process.stdout.write(`${text} ${JSON.stringify(fields)}\n`)
watchEventLoop(
  { log: { info: say, warn: say, error: say }, metrics: new Metrics() },
  Number(stallMaxMs),
)
setInterval(() => process.stdout.write('turns\n'), 200)

/** Blocks the thread. */
function block(forMs: number): void {
  const startMs = performance.now()
  while (performance.now() - startMs < forMs);
}

const WAYS: Readonly<Record<string, () => void>> = {
  'not at all': () => {},
  'for a while': () => block(1800),
  'for ever': () => block(Infinity),
  'on its output': () => {
    for (;;) process.stderr.write('nobody reads this\n'.repeat(1000))
  },
}
setTimeout(WAYS[way] ?? (() => {}), 1000)
