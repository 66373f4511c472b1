/** The simulated cloud as a server: Keystone, Nova and Placement over HTTP, and hosts with SSH and BMCs, for deployments that have no cloud. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Server } from 'node:http'
import { CodedError } from '../../schema/errors.ts'
import { buildCloud, type SegmentSeed } from '../../transports/simulated/build-cloud.ts'
import type { CloudView, SimulatedCloud } from '../../transports/simulated/cloud.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { openHttpClient } from '../../transports/openstack/http-client.ts'
import { generateKeyPair } from '../../transports/ssh/key-pair.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { apiOf } from '../client/api.ts'
import { ensureCertificate } from './certificate.ts'
import { openControl } from './control.ts'
import { HttpKeystone } from './http-keystone.ts'
import { answerNova } from './http-nova.ts'
import { answerPlacement } from './http-placement.ts'
import { HttpServer, type HttpPlace } from './http-server.ts'
import { declareWhenPossible } from './notification-exchange.ts'
import { registerWhenPossible } from './registration.ts'
import { openSimulatedHosts } from './simulated-hosts.ts'

const SIZE = { segments: 2, hostsPerSegment: 6, instances: 48 } as const
const IDENTITY_PORT = 5000
const COMPUTE_PORT = 8774
const USERNAME = 'masakari'

export interface SimulatedCloudPlan {
  /** The name at which clients reach it; it listens there and nowhere else. */
  readonly address: string
  /** Where it keeps its keys, and the socket of its control. */
  readonly state: string
  /** Holds the password of the account `masakari`. */
  readonly passwordFile: string
  /** The REST API at which its hosts are registered, without `/v1`. */
  readonly api: string
  /** Holds the URL of the message broker; undefined: there is none. */
  readonly brokerFile: string | undefined
  readonly say: (line: string) => void
}

/** Starts it. The hosts are registered in the background. */
export async function startSimulatedCloud(plan: SimulatedCloudPlan): Promise<AsyncDisposable> {
  await using opening = new AsyncDisposableStack()
  const { address, state, api, say } = plan
  const password = await secretIn(plan.passwordFile)
  const clock = new SystemClock()
  const { cloud, segments } = buildCloud({ clock, random: new SeededRandom(1), ...SIZE })
  const keystone = await openServices(opening, cloud, { address, password, api })
  const names = segments.flatMap(({ hosts }) => hosts.map(({ name }) => name))
  const hosts = opening.use(
    await openSimulatedHosts({
      cloud,
      address,
      names,
      certificate: await ensureCertificate(state),
      bmcPassword: await keptIn(state, 'bmc.password', () => randomBytes(18).toString('base64url')),
      hostKey: await keptIn(state, 'ssh-host.key', () => generateKeyPair().private),
    }),
  )
  opening.use(await openControl(state, cloud, names))
  say(
    `${names.length} hosts run ${SIZE.instances} instances; the Identity service is ${keystone.url}`,
  )
  startRegistration(opening, keystone, { segments, hosts, api, clock, say })
  startDeclaration(opening, plan)
  return opening.move()
}

function startDeclaration(
  opening: AsyncDisposableStack,
  { brokerFile, say }: SimulatedCloudPlan,
): void {
  if (brokerFile === undefined) return
  const ending = new AbortController()
  const declaring = declareWhenPossible(brokerFile, { say, signal: ending.signal })
  opening.defer(async () => {
    ending.abort()
    await declaring
  })
}

interface Services {
  readonly address: string
  readonly password: string
  readonly api: string
}

async function openServices(
  opening: AsyncDisposableStack,
  cloud: SimulatedCloud,
  { address, password, api }: Services,
): Promise<HttpKeystone> {
  const view = cloud.viewFor('http')
  const account = { username: USERNAME, password, project: 'service' }
  const compute = `http://${address}:${COMPUTE_PORT}`
  const keystone = opening.use(
    await HttpKeystone.start(
      placeOf(address, IDENTITY_PORT),
      account,
      'simulated',
      `${compute}/v2.1`,
    ),
  )
  keystone.offer('placement', `${compute}/placement`)
  keystone.offer('instance-ha', `${api}/v1`)
  opening.use(await startCompute(placeOf(address, COMPUTE_PORT), keystone, view))
  return keystone
}

const startCompute = (place: HttpPlace, keystone: HttpKeystone, view: CloudView) =>
  HttpServer.start(place, async (request) => {
    if (!keystone.isAdmin(request.headers['x-auth-token'])) {
      return { status: 401, body: { error: { code: 401, message: 'no valid token' } } }
    }
    return request.url.pathname.startsWith('/placement/')
      ? answerPlacement(view, request)
      : answerNova(view, request)
  })

const placeOf = (host: string, port: number): HttpPlace => ({
  host,
  port,
  async listen(server: Server) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen(port, host, resolve)
    await promise
  },
})

interface Registration {
  readonly segments: readonly SegmentSeed[]
  readonly hosts: Awaited<ReturnType<typeof openSimulatedHosts>>
  readonly api: string
  readonly clock: SystemClock
  readonly say: (line: string) => void
}

function startRegistration(
  opening: AsyncDisposableStack,
  keystone: HttpKeystone,
  { segments, hosts, api, clock, say }: Registration,
): void {
  const ending = new AbortController()
  const client = opening.use(openHttpClient({ clock, ca: undefined, insecure: false }))
  const session = { url: `${api}/v1`, token: keystone.issue('admin') }
  const dependencies = { client, clock, signal: ending.signal }
  const progress = { say, signal: ending.signal }
  const registering = registerWhenPossible(
    apiOf(session, dependencies),
    segments,
    hosts.controlAttributes,
    progress,
  )
  opening.defer(async () => {
    ending.abort()
    await registering
  })
}

async function secretIn(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trimEnd()
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `the password file ${path} cannot be read`, { cause })
  }
}

/** What a file of the directory holds; it is made when it is not there. */
async function keptIn(directory: string, name: string, make: () => string): Promise<string> {
  const path = join(directory, name)
  if (!existsSync(path)) await writeFile(path, make(), { mode: 0o600 })
  return await readFile(path, 'utf8')
}
