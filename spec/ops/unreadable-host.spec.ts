/**
 * One host has settings that cannot be read: every part of the product continues with the others.
 */
import test from 'ava'
import { createConnection } from 'mysql2/promise'
import { at, textAt } from '../support/gateway.ts'
import { openProductWorld, type ProductWorld } from '../support/product-world.ts'
import { until } from '../support/until.ts'

const staging = new AsyncDisposableStack()
let world: ProductWorld
test.before(async () => {
  world = staging.use(await openProductWorld())
})
test.after.always(async () => await staging.disposeAsync())

const DEEP = `{"ipmi":{"password":${'['.repeat(5000)}${']'.repeat(5000)}}}`

async function writeSettings(host: string, text: string): Promise<void> {
  const { mariadb } = world
  const connection = await createConnection({
    host: mariadb.host,
    port: mariadb.port,
    user: mariadb.user,
    password: mariadb.password.reveal(),
    database: 'specs_1',
  })
  await connection.query('UPDATE hosts SET control_attributes = ? WHERE name = ?', [text, host])
  await connection.end()
}

/** Every host by its name, with the observations of it. */
async function hosts(): Promise<ReadonlyMap<string, unknown>> {
  const segment = textAt(await world.rest.request('GET', '/segments'), 'segments', 0, 'uuid')
  const answer = await fetch(`${world.url}/v1/segments/${segment}/hosts`, {
    headers: {
      'X-Auth-Token': world.http.keystone.issue('admin'),
      'OpenStack-API-Version': 'instance-ha 1.4',
    },
  })
  const rows = Object.values(Object(at(await answer.json(), 'hosts')))
  return new Map(rows.map((row) => [textAt(row, 'name'), row]))
}

test('host whose settings cannot be read is misconfigured; others are watched, fenced and recovered', async (t) => {
  t.timeout(120_000)
  await world.start('controller-1', 'gateway')
  await world.register()
  await writeSettings('compute-02', DEEP)
  const controller = await world.start('controller-2', 'engine, host-monitor')
  const stateOf = async (name: string): Promise<string> =>
    textAt((await hosts()).get(name), 'observed', 'state')
  await until(
    'the host is misconfigured',
    async () => (await stateOf('compute-02')) === 'misconfigured',
  )
  const broken = (await hosts()).get('compute-02')
  t.is(
    textAt(broken, 'control_attributes'),
    '(unreadable: the text is nested deeper than 16 levels)',
  )
  t.is(
    textAt(broken, 'observed', 'observers', 0, 'evidence', 0),
    'control_attributes cannot be read: the text is nested deeper than 16 levels',
  )
  t.not(await stateOf('compute-03'), 'misconfigured')
  await until('the host monitor says that it knows every host', async () => {
    const monitor = (await world.supervisors()).find(({ node }) => node === 'controller-2')
    return monitor?.hosts?.unregistered?.count === 0 && monitor.hosts.unknownToCompute?.count === 0
  })
  await world.bmc.setPower('off') // otherwise its BMC is evidence of life
  const loss = await world.loseHost('compute-01')
  await world.finished(loss)
  t.deepEqual([...new Set(await loss.evacuations())], [1])
  t.notRegex(controller.output(), /RangeError|call stack|gives up/)
})
