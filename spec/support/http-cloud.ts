/**
 * The simulated cloud behind Keystone's and Nova's real HTTP APIs, for specs that need no
 * OpenStack.
 */
import { buildCloud, type SegmentSeed } from '../../transports/simulated/build-cloud.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { HttpKeystone, type KeystoneAccount } from '../../ops/simulated-cloud/http-keystone.ts'
import { answerNova } from '../../ops/simulated-cloud/http-nova.ts'
import { answerPlacement } from '../../ops/simulated-cloud/http-placement.ts'
import { HttpServer } from '../../ops/simulated-cloud/http-server.ts'
import { freePlace } from './process.ts'

export interface HttpCloud extends AsyncDisposable {
  /** The truth: what runs where, what was requested, which promises were broken. */
  readonly cloud: SimulatedCloud
  readonly segments: readonly SegmentSeed[]
  readonly keystone: HttpKeystone
  readonly nova: HttpServer
}

interface CloudSize {
  readonly segments: number
  readonly hostsPerSegment: number
  readonly instances: number
}

const ACCOUNT: KeystoneAccount = { username: 'ha', password: 'nova-p4ssw0rd', project: 'service' }
/** From the claim to the running guest, ms; faster than in reality, so that specs end soon. */
const REBUILD_MS = [300, 900] as const

/** Starts it in real time. Instances boot and move within a second. */
export async function startHttpCloud(size: CloudSize): Promise<HttpCloud> {
  await using opening = new AsyncDisposableStack()
  // Every host has room for all instances, because no spec here is about a shortage.
  const plan = {
    clock: new SystemClock(),
    random: new SeededRandom(1),
    capacity: Math.max(8, size.instances),
    ...size,
  }
  const { cloud, segments } = buildCloud(plan)
  cloud.setNova({ rebuildMs: REBUILD_MS, latencyMs: [1, 5] })
  const view = cloud.viewFor('http')
  const nova = opening.use(
    await HttpServer.start(await freePlace(), async (request) => {
      if (!keystone.isAdmin(request.headers['x-auth-token'])) {
        return { status: 401, body: { error: { code: 401, message: 'who are you?' } } }
      }
      return request.url.pathname.startsWith('/placement/')
        ? answerPlacement(view, request)
        : answerNova(view, request)
    }),
  )
  const keystone = opening.use(
    await HttpKeystone.start(await freePlace(), ACCOUNT, 'unmistakable-token', `${nova.url}/v2.1`),
  )
  keystone.offer('placement', `${nova.url}/placement`)
  const parts = opening.move()
  return { cloud, segments, keystone, nova, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
