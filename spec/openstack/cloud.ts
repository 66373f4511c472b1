/**
 * The cloud that the OS_* variables name, and what specs do to it besides the ports. It needs an
 * administrator.
 */
import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { Type, type Static, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Instance } from '../../actors/ports/compute.ts'
import { instanceId, type HostName, type InstanceId } from '../../schema/ids.ts'
import { describeError } from '../../schema/errors.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { openOpenstack, type Openstack } from '../../transports/openstack/open-openstack.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { until } from '../support/until.ts'
import { silentLog } from '../support/logs.ts'

/** A variable of the environment; throws a text that names what these specs need. */
export const env = (name: string, fallback?: string): string => {
  const value = process.env[name] ?? fallback
  if (value === undefined) {
    throw new Error(`${name} is not set: these specs need a cloud, see \`source openrc\``)
  }
  return value
}

/** Our ports on it. */
export const openCloud = (): Promise<Openstack> =>
  openOpenstack({
    authUrl: env('OS_AUTH_URL'),
    username: env('OS_USERNAME'),
    password: new Secret(env('OS_PASSWORD')),
    userDomain: { name: env('OS_USER_DOMAIN_NAME', 'Default') },
    project: {
      name: env('OS_PROJECT_NAME'),
      domain: { name: env('OS_PROJECT_DOMAIN_NAME', 'Default') },
    },
    region: process.env['OS_REGION_NAME'],
    interface: 'public',
    clock: new SystemClock(),
    random: new SystemRandom(),
    requestTimeoutMs: 30_000,
    log: silentLog,
    ...(process.env['OS_CACERT'] === undefined ? {} : { cacertFile: process.env['OS_CACERT'] }),
  })

interface Credentials {
  readonly name: string
  readonly password: string
  readonly project: string
}

/** A session of the plain API, like that of an ordinary client. */
export class Client {
  readonly token: string
  readonly userId: string
  readonly projectId: string
  readonly #endpoints: ReadonlyMap<string, string>

  private constructor(
    owner: Pick<Client, 'token' | 'userId' | 'projectId'>,
    endpoints: ReadonlyMap<string, string>,
  ) {
    this.token = owner.token
    this.userId = owner.userId
    this.projectId = owner.projectId
    this.#endpoints = endpoints
  }

  static async logIn(who?: Credentials): Promise<Client> {
    const name = who?.name ?? env('OS_USERNAME')
    const password = who?.password ?? env('OS_PASSWORD')
    const project = who?.project ?? env('OS_PROJECT_NAME')
    const domain = { name: env('OS_USER_DOMAIN_NAME', 'Default') }
    const user = { name, domain, password }
    const scope = { project: { name: project, domain } }
    const auth = { identity: { methods: ['password'], password: { user } }, scope }
    const url = `${identityUrl()}/auth/tokens`
    const headers = { 'Content-Type': 'application/json' }
    const answer = await asked(url, { method: 'POST', headers, body: JSON.stringify({ auth }) })
    if (!answer.ok)
      throw new Error(`login of ${name} at ${url}: ${answer.status} ${await answer.text()}`)
    const { token } = decoded(Login, await answer.json())
    const endpoints = token.catalog.map(({ type, endpoints }): [string, string] => {
      const endpoint = endpoints.find((one) => one.interface === 'public')
      return [type, endpoint?.url ?? '']
    })
    const id = answer.headers.get('x-subject-token') ?? ''
    const owner = { token: id, userId: token.user.id, projectId: token.project.id }
    return new Client(owner, new Map(endpoints))
  }

  async call(method: string, service: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch((this.#endpoints.get(service) ?? '') + path, {
      method,
      headers: {
        'Content-Type': 'application/json',
        'X-Auth-Token': this.token,
        'OpenStack-API-Version': 'compute 2.74', // the lowest one that boots on a named host
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  /** Revokes our token, as an administrator may at any time. */
  async revoke(token: string): Promise<void> {
    const headers = { 'X-Auth-Token': this.token, 'X-Subject-Token': token }
    await fetch(`${identityUrl()}/auth/tokens`, { method: 'DELETE', headers })
  }
}

/** The error of a failing fetch does not say what could not be reached. */
async function asked(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request)
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.cause ?? cause) : cause
    throw new Error(`${url} cannot be reached: ${describeError(reason)}`, { cause })
  }
}

const identityUrl = (): string => `${env('OS_AUTH_URL').replace(/\/+$|\/v3\/*$/, '')}/v3`

const Login = Type.Object({
  token: Type.Object({
    user: Type.Object({ id: Type.String() }),
    project: Type.Object({ id: Type.String() }),
    catalog: Type.Array(
      Type.Object({
        type: Type.String(),
        endpoints: Type.Array(Type.Object({ interface: Type.String(), url: Type.String() })),
      }),
    ),
  }),
})
const Named = Type.Object({ id: Type.String() })
const Images = Type.Object({ images: Type.Array(Named) })
const Flavors = Type.Object({ flavors: Type.Array(Named) })
const Booted = Type.Object({ server: Named })

/** Throws a value of another form. */
export function decoded<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  if (!Compile(schema).Check(value)) throw new Error(`unexpected: ${JSON.stringify(value)}`)
  return value
}

/** Waits for something in the cloud with pauses. */
export const slowly = (what: string, condition: () => Promise<boolean>): Promise<void> =>
  until(
    what,
    async () => {
      if (await condition()) return true
      await delay(200) // a cloud is not polled as fast as memory
      return false
    },
    300_000,
  )

/** Whether all of these instances run. Throws when Nova could not boot one of them. */
export async function allRun(
  { compute }: Openstack,
  host: HostName,
  booted: readonly InstanceId[],
): Promise<boolean> {
  const here = await compute.listInstances(host)
  const ours = here.filter(({ id }) => booted.includes(id))
  const failed = ours.find(({ vmState }) => vmState === 'error')
  if (failed !== undefined) throw new Error(`Nova could not boot ${failed.id} on ${host}: ERROR`)
  return ours.filter(isRunning).length === booted.length
}

const isRunning = ({ vmState, taskState }: Instance): boolean =>
  vmState === 'active' && taskState === null

/** Boots one server on a host, without waiting for it. */
export async function bootOn(client: Client, host: HostName): Promise<InstanceId> {
  const { images } = decoded(Images, await client.call('GET', 'image', '/v2/images'))
  const { flavors } = decoded(
    Flavors,
    await client.call('GET', 'compute', '/flavors?sort_key=memory_mb'),
  )
  const answer = await client.call('POST', 'compute', '/servers', {
    server: {
      name: 'instance-ha-conformance',
      imageRef: images[0]?.id,
      flavorRef: flavors[0]?.id,
      networks: 'none',
      host,
    },
  })
  return instanceId(decoded(Booted, answer).server.id)
}

/**
 * Returns a host to service. Nova keeps it forced down until its nova-compute was restarted after
 * evacuations: a command of the environment restarts it.
 */
export async function putBack(
  { compute }: Openstack,
  client: Client,
  host: HostName,
): Promise<boolean> {
  const service = await compute.findService(host)
  if (service === undefined || (service.up && !service.disabled)) return false
  const command = process.env['INSTANCE_HA_TEST_RESTART_COMPUTE_COMMAND']
  if (command !== undefined) execFileSync(command, [host], { stdio: 'ignore' })
  const path = `/os-services/${service.id}`
  await slowly(`${host} may be used again (INSTANCE_HA_TEST_RESTART_COMPUTE_COMMAND helps)`, () =>
    client.call('PUT', 'compute', path, { status: 'enabled', forced_down: false }).then(
      () => true,
      () => false,
    ),
  )
  await slowly(`${host} is up`, async () => (await compute.findService(host))?.up === true)
  return true
}
