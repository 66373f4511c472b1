/** The short answer about all hosts, and the questions to a host that is not registered yet. */
import test from 'ava'
import { hostProbe } from '../../ops/roles/host-probe.ts'
import { parseControlAttributes } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import { hostId } from '../../schema/ids.ts'
import { Browser, startConsole } from '../support/console.ts'
import { aHost, aSegment, at } from '../support/gateway.ts'

const SECRET = 'bmc-s3cret'
const SETTINGS = {
  ipmi: { host: 'bmc-1', username: 'fence', password: SECRET },
  ssh: { host: 'compute-1', username: 'ha' },
}

test('the fleet names every host with its state, channels and recovery, and shows no settings', async (t) => {
  await using world = await startConsole()
  const segment = await aSegment(world)
  const control_attributes = JSON.stringify(SETTINGS)
  const uuid = await aHost(world, segment, 'compute-10', { control_attributes, reserved: true })
  await aHost(world, segment, 'compute-9', { control_attributes })
  const channels = [{ channel: 'ssh', meaning: 'life', ageMs: 400 }]
  const seenAtWallMs = world.clock.wallMs()
  const seen = { observer: 'monitor-1', state: 'alive', evidence: [], seenAtWallMs } as const
  world.observations.note(hostId(uuid), { ...seen, channels })
  const browser = new Browser(world)
  await browser.logIn('reader')
  const { status, text, json } = await browser.send('GET', '/console/v1/fleet')
  t.is(status, 200, text)
  t.is(at(json, 'segments', 0, 'hosts', 0, 'name'), 'compute-9', 'numbers are sorted as numbers')
  t.deepEqual(at(json, 'segments', 0, 'hosts', 1), {
    uuid,
    name: 'compute-10',
    state: 'alive',
    reserved: true,
    maintenance: null,
    recovery: null,
    channels: [['ssh', 'life', seenAtWallMs - 400]],
    domains: [],
  })
  t.false(text.includes(SECRET) || text.includes('bmc-1'))
})

test('members get neither the fleet nor the processes, and may have no host asked', async (t) => {
  let asked = 0
  await using world = await startConsole({
    probeHost: async () => {
      asked += 1
      return []
    },
  })
  const browser = new Browser(world)
  await browser.logIn('member')
  t.is((await browser.send('GET', '/console/v1/fleet')).status, 403)
  t.is((await browser.send('GET', '/console/v1/health/supervisors')).status, 403)
  const body = { control_attributes: JSON.stringify(SETTINGS) }
  t.is((await browser.send('POST', '/console/v1/probe', body)).status, 403)
  t.is(asked, 0)
})

test('the API itself has neither the fleet nor the probe', async (t) => {
  await using world = await startConsole()
  t.is((await world.call({ url: '/v1/fleet' })).status, 404)
  t.is((await world.call({ method: 'POST', url: '/v1/probe', body: {} })).status, 404)
})

test('a host is asked with the settings that were typed, and half of them are refused', async (t) => {
  await using world = await startConsole({
    probeHost: async ({ ipmi }) => [{ channel: 'ipmi', ok: true, text: `asked ${ipmi?.address}` }],
  })
  const browser = new Browser(world)
  await browser.logIn('admin')
  const ask = (settings: object) =>
    browser.send('POST', '/console/v1/probe', { control_attributes: JSON.stringify(settings) })
  t.deepEqual((await ask(SETTINGS)).json, {
    results: [{ channel: 'ipmi', ok: true, text: 'asked bmc-1' }],
  })
  const half = await ask({ ipmi: { host: 'bmc-1', username: 'fence' } })
  t.is(half.status, 400)
  t.regex(half.text, /ipmi\.password/)
})

test('a probe reads the power and asks over SSH, orders nothing, and names no secret', async (t) => {
  const power = {
    read: async () => {
      throw new CodedError('POWER_MISCONFIGURED', 'bmc-1 refuses the password')
    },
  }
  const forgotten: string[] = []
  const shell = {
    probe: async () => ({ outcome: 'alive', detail: 'the connection answered' }) as const,
    forget: ({ address }: { readonly address: string }) => void forgotten.push(address),
  }
  const settings = parseControlAttributes(JSON.stringify(SETTINGS))
  const results = await hostProbe({ power, shell })(settings, AbortSignal.timeout(1000))
  t.like(results, [
    { channel: 'ipmi', ok: false },
    { channel: 'ssh', ok: true, text: 'alive: the connection answered' },
  ])
  t.false(JSON.stringify(results).includes(SECRET))
  t.deepEqual(forgotten, ['compute-1'])
})
