/**
 * A recovery with the simulated cloud behind HTTP; everything else is real. It needs no OpenStack.
 */
import { Secret } from '../../schema/control-attributes.ts'
import { openOpenstack } from '../../transports/openstack/open-openstack.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { startBmc, type Bmc } from '../support/bmc.ts'
import { startHttpCloud } from '../support/http-cloud.ts'
import { startMariadb } from '../support/mariadb.ts'
import { startNats } from '../support/nats.ts'
import { freePort, temporaryDirectory } from '../support/process.ts'
import { configurationOf, storeUrl } from '../support/product.ts'
import { RestClient } from '../openstack/rest-client.ts'
import type { Scene } from './recovery.ts'
import { silentLog } from '../support/logs.ts'

const HOSTS = 8
const INSTANCES = 160
const VICTIM = 'compute-01'

/** One segment; the victim has an equal share of the instances. */
export async function openHttpScene(): Promise<Scene> {
  await using opening = new AsyncDisposableStack()
  const directory = opening.use(await temporaryDirectory('bench')).path
  const size = { segments: 1, hostsPerSegment: HOSTS, instances: INSTANCES }
  const http = opening.use(await startHttpCloud(size))
  const nats = opening.use(await startNats())
  const mariadb = opening.use(await startMariadb())
  const bmc = opening.use(await startBmc())
  const account = { ...http.keystone.account, authUrl: http.keystone.url }
  const openstack = opening.use(
    await openOpenstack({
      authUrl: account.authUrl,
      username: account.username,
      password: new Secret(account.password),
      userDomain: { name: 'default' },
      project: { name: account.project, domain: { name: 'default' } },
      region: undefined,
      interface: 'public',
      clock: new SystemClock(),
      random: new SystemRandom(),
      requestTimeoutMs: 10_000,
      log: silentLog,
    }),
  )
  const port = await freePort()
  const rest = new RestClient(`http://127.0.0.1:${port}`, http.keystone.issue('admin'))
  const configuration = configurationOf({
    node: 'bench',
    roles: 'gateway, engine',
    account,
    port,
    stateDirectory: directory,
    bus: nats.url,
    store: storeUrl(mariadb, await mariadb.createDatabase()),
  })
  const attributes = attributesOf(bmc)
  const kept = opening.move()
  return {
    name: 'simulated cloud over HTTP',
    configuration,
    openstack,
    rest,
    victim: VICTIM,
    instances: http.cloud.instances.filter(({ host }) => host === VICTIM).length,
    async register() {
      for (const { name, hosts } of http.segments) {
        await rest.register(name, new Map(hosts.map((host) => [host.name, attributes])))
      }
    },
    async kill() {
      http.cloud.crashHost(VICTIM)
      await bmc.setPower('off')
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** `control_attributes` of a host that can be fenced and is not watched. */
function attributesOf({ settings }: Bmc): string {
  const { address, port, username, password, cipherSuite } = settings
  return JSON.stringify({
    ipmi: { host: address, port, username, password: password.reveal(), cipher_suite: cipherSuite },
  })
}
