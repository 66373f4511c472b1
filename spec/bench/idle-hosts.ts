/**
 * All roles in this process with a simulated cloud of many idle hosts; started by `memory.ts`, ends
 * by a signal.
 */
import { Metrics } from '../../ops/metrics/metrics.ts'
import { buildCloud } from '../../transports/simulated/build-cloud.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { createLogger } from '../../transports/log/logger.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { openEmbeddedWorld } from '../../ops/ports.ts'
import { startProcess } from '../../ops/process.ts'
import { registerSegments } from '../../ops/simulator/register-segments.ts'
import { configOf } from './config.ts'

const SEGMENTS = 10
const HOSTS_PER_SEGMENT = 100

const config = configOf('[api]\nlisten_port = 0\n', 'embedded')
const clock = new SystemClock()
const log = createLogger('error')
const ambient = {
  clock,
  random: new SystemRandom(),
  log,
  closing: new AsyncDisposableStack(),
  metrics: new Metrics(),
}
const cloud = buildCloud({
  clock,
  random: new SeededRandom(1),
  segments: SEGMENTS,
  hostsPerSegment: HOSTS_PER_SEGMENT,
  instances: 0,
})
const world = openEmbeddedWorld(config, ambient, cloud)
await world.store.migrate()
await registerSegments(world.store, cloud.segments)
await startProcess(config, world, ambient, (path, error) => {
  throw new Error(`${path} gave up`, { cause: error })
})
process.stdout.write('all roles run\n')
