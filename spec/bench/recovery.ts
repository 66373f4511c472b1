/**
 * How soon a reported host failure leads to the first evacuation, and how many requests a whole
 * recovery sends to OpenStack.
 */
import { Metrics } from '../../ops/metrics/metrics.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { openRealWorld, type World } from '../../ops/ports.ts'
import { startProcess } from '../../ops/process.ts'
import { rulesOf } from '../../ops/roles/rules.ts'
import { endInOrder } from '../../ops/shutdown.ts'
import { createLogger } from '../../transports/log/logger.ts'
import type { Openstack } from '../../transports/openstack/open-openstack.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import type { RestClient } from '../openstack/rest-client.ts'
import { until } from '../support/until.ts'
import { configOf } from './config.ts'
import type { Figure } from './figure.ts'
import { OutsideWatch } from './outside.ts'

/** A cloud with one host that is about to die, and the parts on which our product runs. */
export interface Scene extends AsyncDisposable {
  /** The name of the cloud, for the lines. */
  readonly name: string
  /** The configuration text of a process with the roles gateway and engine. */
  readonly configuration: string
  /** The account of that process, which no other program uses. */
  readonly openstack: Openstack
  readonly rest: RestClient
  readonly victim: string
  /** Instances on the victim. */
  readonly instances: number
  /** Registers the hosts. The gateway runs by then. */
  register(): Promise<void>
  /** Powers the victim off. */
  kill(): Promise<void>
}

const FOR_EVERY_RECOVERY = 30
/**
 * The pause between two checks of the notification, the same as in the bare script. They go through
 * the measured gateway and store.
 */
const LOOK_MS = 1000

export interface MeasuredRecovery {
  readonly figures: readonly Figure[]
  /** Requests to OpenStack from the POST to the end, and logins since the start. */
  readonly requests: number
  readonly logins: number
  /** From the POST to the first evacuation, ms, without the waiting for others. */
  readonly ownMs: number
  /** From the POST to the end of the notification. */
  readonly tookMs: number
  /** The CPU time of this process, in which gateway and engine run, for the same period. */
  readonly cpuMs: number
}

/** Runs our product in this process, and one recovery on it. */
export async function measureRecovery(scene: Scene): Promise<MeasuredRecovery> {
  const { openstack, rest, instances } = scene
  const outside = new OutsideWatch('evacuate')
  const product = await runProduct(scene, outside)
  await scene.register()
  await scene.kill()
  const requestsBefore = openstack.requestCount()
  outside.start()
  const postedAtMs = performance.now()
  const cpuBefore = process.cpuUsage()
  const { notification_uuid: id } = await rest.reportHostDown(scene.victim)
  await until(`${id} has ended`, () => hasFinished(rest, id), 240_000)
  const tookMs = performance.now() - postedAtMs
  const { user, system } = process.cpuUsage(cpuBefore)
  const requests = openstack.requestCount() - requestsBefore
  await product[Symbol.asyncDispose]()
  const firstMs = outside.mark.atMs - postedAtMs
  const ownMs = firstMs - outside.mark.waitedMs
  const figures: readonly Figure[] = [
    {
      what: `${scene.name}: own time from POST to first evacuate`,
      value: ownMs / 1000,
      unit: 's',
      target: { kind: 'at-most', value: 0.5 },
      remark: `${(firstMs / 1000).toFixed(2)} s with the answers of Keystone, Nova, Placement, the BMC, and the silence of SSH`,
    },
    {
      what: `${scene.name}: requests to OpenStack, ${instances} instances`,
      value: requests,
      unit: '',
      target: { kind: 'at-most', value: instances + FOR_EVERY_RECOVERY },
      remark: `the recovery took ${(tookMs / 1000).toFixed(1)} s`,
    },
    {
      what: `${scene.name}: logins at Keystone`,
      value: openstack.loginCount(),
      unit: '',
      target: { kind: 'at-most', value: 1 },
    },
  ]
  const logins = openstack.loginCount()
  return { figures, requests, logins, ownMs, tookMs, cpuMs: (user + system) / 1000 }
}

/**
 * Everything is real except the account, which belongs to the scene and is counted. Resolves when
 * the engine leads and has received observations.
 */
async function runProduct(
  { configuration, openstack }: Scene,
  outside: OutsideWatch,
): Promise<AsyncDisposable> {
  const config = configOf(configuration, 'file')
  const log = createLogger('error')
  const closing = new AsyncDisposableStack()
  const ambient = {
    clock: new SystemClock(),
    random: new SystemRandom(),
    log,
    closing,
    metrics: new Metrics(),
  }
  const real = await openRealWorld(config, ambient)
  const watchedShell = outside.watch(real.shell)
  const world: World = {
    ...real,
    identity: outside.watch(openstack.identity),
    compute: outside.watch(openstack.compute),
    placement: outside.watch(openstack.placement),
    power: outside.watch(real.power),
    // The leader waits for the SSH of the dead host.
    shell: {
      probe: async (...asked) => watchedShell.probe(...asked),
      forget: (target) => real.shell.forget(target),
    },
  }
  const running = await startProcess(config, world, ambient, (path, error) => {
    throw new Error(`${path} gave up`, { cause: error })
  })
  await until('the engine leads', () => running.node.leading())
  await sleep(rulesOf(config).window.settleMs)
  return { [Symbol.asyncDispose]: async () => void (await endInOrder(running.endings, log)) }
}

async function hasFinished(rest: RestClient, id: string): Promise<boolean> {
  await sleep(LOOK_MS)
  const all = await rest.notifications()
  const found = all.find(({ notification_uuid: uuid }) => uuid === id)
  if (found === undefined || ['failed', 'error', 'ignored'].includes(found.status)) {
    throw new Error(`${id} is ${found?.status}: ${found?.message}`)
  }
  return found.status === 'finished'
}
