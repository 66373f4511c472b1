/** `run`: runs all roles of the configuration in this process, until a signal asks it to end. */
import { url as inspectorUrl } from 'node:inspector'
import type { Config } from '../../schema/config.ts'
import { describeError, isCoded, isRefusal } from '../../schema/errors.ts'
import { createLogger } from '../../transports/log/logger.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { prepareDemo, startDemo } from '../demo/demo.ts'
import { describeProblems, loadConfig, readConfig } from '../load-config.ts'
import { Metrics } from '../metrics/metrics.ts'
import { embeddedCloud, openEmbeddedWorld, openRealWorld, openStorelessWorld } from '../ports.ts'
import { startProcess, type RunningProcess } from '../process.ts'
import { reloading } from '../reload.ts'
import { endInOrder, listenToHangups, untilAskedToEnd } from '../shutdown.ts'
import { isStoreless, startStorelessProcess } from '../storeless-process.ts'
import { watchEventLoop } from '../watchdog/event-loop.ts'
import { notifySystemd, takeSystemdEnvironment } from '../watchdog/systemd.ts'

interface RunRequest {
  /** Undefined runs the demonstration. */
  readonly config: string | undefined
  readonly port: string | undefined
  readonly 'exit-after-recovery': boolean
}

/**
 * Exit statuses: 0 ended by a signal; 1 failed; 2 the configuration, the database or the keys
 * cannot be used.
 */
export async function run(asked: RunRequest): Promise<number> {
  const { config: file, port, 'exit-after-recovery': exitAfterRecovery } = asked
  if (file !== undefined && (port !== undefined || exitAfterRecovery)) {
    process.stderr.write('--port and --exit-after-recovery belong to the demonstration\n')
    return 2
  }
  const loaded =
    port === undefined ? loadConfig(file) : readConfig(`[api]\nlisten_port = ${port}`, 'embedded')
  if (loaded.kind === 'invalid') {
    process.stderr.write(
      `The configuration cannot be used:\n${describeProblems(loaded.problems)}\n`,
    )
    return 2
  }
  const { config, notes } = loaded
  if (file === undefined) return runDemo(config, exitAfterRecovery)
  const hangups = listenToHangups()
  const ambient = ambientOf(config)
  for (const note of notes) ambient.log.info({}, note)
  return runReal(config, ambient, (running) =>
    hangups.attach(reloading(file, config, { log: ambient.log, policy: running.policy })),
  )
}

type RunAmbient = ReturnType<typeof ambientOf>

function ambientOf(config: Config) {
  const log = createLogger(config.node.logLevel)
  const clock = new SystemClock()
  const metrics = new Metrics()
  const retried = (): void => metrics.count('instance_ha_store_retries_total')
  const closing = new AsyncDisposableStack()
  return { clock, random: new SystemRandom(), log, closing, metrics, retried }
}

async function runReal(
  config: Config,
  ambient: RunAmbient,
  onRunning: (running: RunningProcess) => void,
): Promise<number> {
  const { log, clock } = ambient
  const service = takeSystemdEnvironment(process.env, process.pid)
  try {
    await using _loop = watchProcess(ambient)
    const gaveUp = Promise.withResolvers<Error>()
    const onGiveUp = (path: string, error: unknown): void => {
      log.error({ path, error: describeError(error) }, 'this process gives up')
      gaveUp.resolve(error instanceof Error ? error : new Error(describeError(error)))
    }
    const running = isStoreless(config)
      ? startStorelessProcess(config, openStorelessWorld(config, ambient), ambient, onGiveUp)
      : await startProcess(config, await openRealWorld(config, ambient), ambient, onGiveUp)
    onRunning(running)
    log.info({ roles: config.node.roles, address: running.address }, 'instance-ha runs')
    const notifying = service && notifySystemd(service, { clock, log, ...running })
    const reason = await Promise.race([untilAskedToEnd(), gaveUp.promise])
    const isAsked = typeof reason === 'string'
    log.info({ reason: isAsked ? reason : 'gave-up' }, 'instance-ha ends')
    const askedMs = clock.monotonicMs()
    const told = notifying?.[Symbol.asyncDispose]()
    const clean = await endInOrder(running.endings, log)
    await told
    const tookMs = Math.round(clock.monotonicMs() - askedMs)
    if (clean) log.info({ tookMs }, 'drained: this process holds no lease and does nothing more')
    if (isAsked) return clean ? 0 : 1
    if (!isRefusal(reason)) return 1
    process.stderr.write(`instance-ha cannot start: ${describeError(reason)}\n`)
    return 2
  } catch (error) {
    return await cannotStart(error, ambient)
  }
}

/** Watches the event loop; a debugger may hold it for as long as it likes. */
function watchProcess({ log, metrics }: RunAmbient): AsyncDisposable {
  if (inspectorUrl() !== undefined) return { [Symbol.asyncDispose]: async () => undefined }
  const loop = watchEventLoop({ log, metrics })
  metrics.sample(() =>
    metrics.set('instance_ha_event_loop_delay_p99_seconds', [loop.delayP99Ms() / 1000]),
  )
  return loop
}

async function runDemo(config: Config, exitAfterRecovery: boolean): Promise<number> {
  const ambient = { ...ambientOf(config), log: createLogger('error') }
  const embedded = embeddedCloud(ambient)
  const world = openEmbeddedWorld(config, ambient, embedded)
  try {
    await prepareDemo(world.store, embedded)
    const running = await startProcess(config, world, ambient, (path, error) => {
      throw new Error(`${path} gave up`, { cause: error })
    })
    await using demo = startDemo(embedded, world.bus, {
      cloud: config.bus.cloud,
      address: running.address,
    })
    const asked = untilAskedToEnd()
    const recovered = await Promise.race([demo.recovered, asked])
    if (!exitAfterRecovery && typeof recovered === 'boolean') {
      process.stdout.write('\nCtrl-C ends.\n')
      await asked
    }
    await endInOrder(running.endings, ambient.log)
    return exitAfterRecovery && recovered !== true ? 1 : 0
  } catch (error) {
    return await cannotStart(error, ambient)
  }
}

/**
 * Writes one line about the reason why the process cannot start. Then it closes what is open
 * already, because that would keep the process alive.
 */
async function cannotStart(error: unknown, { closing }: RunAmbient): Promise<number> {
  if (!isStartProblem(error)) throw error
  process.stderr.write(`instance-ha cannot start: ${describeError(error)}\n`)
  await closing.disposeAsync()
  return isRefusal(error) ? 2 : 1
}

/**
 * True for a problem that an operator can correct: a port that is in use, an unreadable file. All
 * other errors are defects, and the stack is shown.
 */
function isStartProblem(error: unknown): boolean {
  if (isCoded(error)) return true
  return (
    error instanceof Error &&
    'code' in error &&
    ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes(String(error.code))
  )
}
