/** A process with all roles on a simulated cloud, as measurements start it. */
import { Metrics } from '../../ops/metrics/metrics.ts'
import { openEmbeddedWorld } from '../../ops/ports.ts'
import { startProcess } from '../../ops/process.ts'
import { endInOrder } from '../../ops/shutdown.ts'
import { registerSegments } from '../../ops/simulator/register-segments.ts'
import type { Config } from '../../schema/config.ts'
import { createLogger } from '../../transports/log/logger.ts'
import { buildCloud, type CloudPlan } from '../../transports/simulated/build-cloud.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { until } from '../support/until.ts'

/** Resolves when the engine leads. `end` stops everything in order. */
export async function startEmbedded(config: Config, size: Omit<CloudPlan, 'clock' | 'random'>) {
  const clock = new SystemClock()
  const log = createLogger('error')
  const ambient = {
    clock,
    random: new SystemRandom(),
    log,
    closing: new AsyncDisposableStack(),
    metrics: new Metrics(),
  }
  const embedded = buildCloud({ clock, random: new SeededRandom(1), ...size })
  const world = openEmbeddedWorld(config, ambient, embedded)
  await world.store.migrate()
  await registerSegments(world.store, embedded.segments)
  const { node, endings } = await startProcess(config, world, ambient, (path, error) => {
    throw new Error(`${path} gave up`, { cause: error })
  })
  await until('the engine leads', () => node.leading())
  return { clock, node, embedded, bus: world.bus, end: () => endInOrder(endings, log) }
}
