/** The simulated cloud as a program, and the question of container engines whether a process can work. */
import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import test from 'ava'
import { askControl } from '../../ops/simulated-cloud/control.ts'
import { healthPlace } from '../../ops/load-config.ts'
import { startSimulatedCloud } from '../../ops/simulated-cloud/simulated-cloud.ts'
import { runProduct } from '../support/product.ts'
import { freePort, temporaryDirectory } from '../support/process.ts'

/** Its ports are fixed, so each spec has an address of its own. */
const anAddress = (): string =>
  `127.${randomInt(64, 128)}.${randomInt(1, 255)}.${randomInt(1, 255)}`

async function open() {
  await using opening = new AsyncDisposableStack()
  const state = opening.use(await temporaryDirectory('simulated-cloud')).path
  const passwordFile = join(state, 'password')
  await writeFile(passwordFile, 'of the spec\n')
  const address = anAddress()
  const api = `http://127.0.0.1:${await freePort()}`
  const said: string[] = []
  const say = (line: string): void => void said.push(line)
  opening.use(
    await startSimulatedCloud({ address, state, passwordFile, api, brokerFile: undefined, say }),
  )
  const kept = opening.move()
  return { address, state, said, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

const logIn = (address: string, password: string): Promise<Response> => {
  const user = { name: 'masakari', domain: { id: 'default' }, password }
  const auth = { identity: { methods: ['password'], password: { user } } }
  const body = JSON.stringify({ auth })
  return fetch(`http://${address}:5000/v3/auth/tokens`, { method: 'POST', body })
}

test('a host of the simulated cloud that is killed is silent over SSH, and another is not', async (t) => {
  await using cloud = await open()
  const { address, state } = cloud
  await askControl(state, { act: 'kill', host: 'compute-01' })
  const hosts = await askControl(state)
  t.deepEqual(
    hosts.slice(0, 2).map(({ host, power, runs }) => [host, power, runs.length]),
    [
      ['compute-01', 'off', 0],
      ['compute-02', 'on', 4],
    ],
  )
  const [dead, alive] = [connect(2201, address), connect(2202, address)]
  const heard: string[] = []
  dead.on('data', () => heard.push('dead'))
  const [banner] = await once(alive, 'data')
  t.regex(String(banner), /^SSH-2\.0/)
  t.deepEqual(heard, [])
  dead.destroy()
  alive.destroy()
})

test('the simulated Keystone accepts the password of the file, and no other', async (t) => {
  await using cloud = await open()
  t.is((await logIn(cloud.address, 'of the spec')).status, 201)
  t.is((await logIn(cloud.address, 'another')).status, 401)
  const answer = await fetch(`http://${cloud.address}:8774/v2.1/os-services`)
  t.is(answer.status, 401)
})

test('a request that cannot be read does not end the simulated cloud', async (t) => {
  await using cloud = await open()
  const url = `http://${cloud.address}:5000/v3/auth/tokens`
  t.is((await fetch(url, { method: 'POST', body: '{' })).status, 400)
  t.is((await logIn(cloud.address, 'of the spec')).status, 201)
})

const killIn = (state: string, host: string) =>
  runProduct('simulated-cloud', 'kill', '--state', state, host)

test('a wrong host, an absent cloud and an absent password are named', async (t) => {
  await using cloud = await open()
  const wrong = await killIn(cloud.state, 'compute-99')
  t.is(wrong.status, 2)
  t.regex(wrong.stderr, /there is no host compute-99/)
  const absent = await killIn('/nonexistent', 'compute-01')
  t.is(absent.status, 2)
  t.regex(absent.stderr, /no simulated cloud runs/)
  const passwordFile = join(cloud.state, 'absent')
  const plan = { address: anAddress(), state: cloud.state, passwordFile, api: 'http://127.0.0.1:9' }
  await t.throwsAsync(
    startSimulatedCloud({ ...plan, brokerFile: undefined, say: () => undefined }),
    {
      message: /the password file .*absent cannot be read/,
    },
  )
})

test('a process that does not answer is unhealthy, and its address comes from the environment', async (t) => {
  t.is(healthPlace({}), '127.0.0.1:15869')
  const variables = { INSTANCE_HA_HEALTH__LISTEN: '::', INSTANCE_HA_HEALTH__LISTEN_PORT: '7' }
  t.is(healthPlace(variables), '127.0.0.1:7')
  t.is(healthPlace({ INSTANCE_HA_HEALTH__LISTEN: 'fd00::1' }), '[fd00::1]:15869')
})
