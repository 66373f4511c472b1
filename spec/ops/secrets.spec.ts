/**
 * No secret leaves our processes: not in logs, not on command lines, not in answers, whatever
 * fails.
 */
import test from 'ava'
import { commandLinesWith } from '../support/child-processes.ts'
import type { ServerProcess } from '../support/process.ts'
import { freePort } from '../support/process.ts'
import { openProductWorld, type ProductWorld } from '../support/product-world.ts'
import { until } from '../support/until.ts'
import { RestClient } from '../openstack/rest-client.ts'

const AMQP_PASSWORD = 'amqp-p4ssw0rd'
const WRONG = 'wr0ng-p4ssw0rd'

const staging = new AsyncDisposableStack()
let world: ProductWorld
/** As they were given to the processes, escaped or not. */
let secrets: readonly string[]
const processes: ServerProcess[] = []

test.before(async () => {
  world = staging.use(await openProductWorld({ login: 'password' }))
  const { http, mariadb, bmc, natsPassword } = world
  const database = mariadb.password.reveal()
  secrets = [
    http.keystone.account.password,
    http.keystone.tokenPrefix,
    natsPassword,
    database,
    encodeURIComponent(database),
    bmc.settings.password.reveal(),
    AMQP_PASSWORD,
    WRONG,
  ]
  const broker = `[bridge]
transport_url = rabbit://ha:${AMQP_PASSWORD}@127.0.0.1:${await freePort()}/
[oslo_messaging_notifications]
driver = messagingv2
transport_url = rabbit://ha:${AMQP_PASSWORD}@127.0.0.1:${await freePort()}/
`
  processes.push(await world.start('controller-1', 'gateway, engine, host-monitor, bridge', broker))
  // Every request of this user is refused.
  const refused = `[DEFAULT]
os_privileged_user_password = ${WRONG}
[database]
connection = mysql://instance_ha:${WRONG}@127.0.0.1:${mariadb.port}/specs_1
[bus]
password = ${WRONG}
`
  processes.push(await world.start('controller-2', 'engine, host-monitor', refused))
  await world.register()
})
test.after.always(async () => await staging.disposeAsync())

/** The secrets in a text. */
const leaked = (text: string): readonly string[] =>
  secrets.filter((secret) => text.includes(secret))

test.serial('a recovery with failures of every part leaves no secret in any log', async (t) => {
  t.timeout(120_000)
  const { http, nats, mariadb, rest } = world
  const { settings } = world.bmc
  const ipmi = { host: settings.address, port: settings.port, username: 'fence', password: WRONG }
  const misplaced = { name: 'a', control_attributes: JSON.stringify({ ipmi }) }
  await t.throwsAsync(rest.request('POST', '/segments', { segment: misplaced }), { message: /400/ })
  await world.bmc.setPower('off') // otherwise its BMC is evidence of life
  const loss = await world.loseHost('compute-01')
  await http.nova.stop()
  await http.keystone.stop()
  await nats.stop()
  await mariadb.kill()
  await until('all is missed', async () => Object.keys(await world.unready()).length === 5)
  const stranger = { 'X-Auth-Token': http.keystone.issue('reader') }
  t.is((await fetch(`${world.url}/v1/segments`, { headers: stranger })).status, 503)
  await mariadb.restart()
  await world.restartNats()
  await http.keystone.start()
  await http.nova.start()
  await world.finished(loss)
  for (const process of processes) t.deepEqual(leaked(process.output()), [], process.output())
  t.regex(processes[1]?.output() ?? '', /the store is not ready yet/)
  t.regex(processes[0]?.output() ?? '', /not linked to the notification broker/)
})

test.serial('no command line shows a secret', async (t) => {
  await until('a BMC is asked', async () => (await commandLinesWith('ipmitool')).length > 0)
  for (const secret of secrets) t.deepEqual(await commandLinesWith(secret), [])
})

test.serial('readers get answers without a secret', async (t) => {
  const { url, http } = world
  const reader = new RestClient(url, http.keystone.issue('reader'))
  const segments = JSON.stringify(await reader.request('GET', '/segments'))
  const segment = /"uuid":"([^"]+)"/.exec(segments)?.[1]
  const hosts = JSON.stringify(await reader.request('GET', `/segments/${segment}/hosts`))
  const host = /"uuid":"([^"]+)","name":"compute-01"|"uuid":"([^"]+)"/
    .exec(hosts)
    ?.slice(1)
    .find(Boolean)
  t.regex(hosts, /fence/, 'the user name is shown, the password is not')
  const [notification] = await reader.notifications()
  const id = notification?.notification_uuid ?? ''
  const answers = [
    segments,
    hosts,
    await reader.request('GET', `/segments/${segment}/hosts/${host}`),
    await reader.request('GET', `/notifications/${id}`),
    await reader.request('GET', `/notifications/${id}/vmoves`),
    await reader.get('/health/live'),
    await (await fetch(`${url}/health/ready`)).json(),
    await reader.get('/health/supervisors'),
  ]
  for (const answer of answers) t.deepEqual(leaked(JSON.stringify(answer)), [])
})
