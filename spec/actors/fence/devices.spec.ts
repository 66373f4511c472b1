/** Which device a rung works through, where the BMC of a host is reached in several ways. */
import test from 'ava'
import { deviceOf, rungsFor, type FenceTarget } from '../../../actors/fence/devices.ts'
import { parseControlAttributes, bmcsOf } from '../../../schema/control-attributes.ts'
import type { Rung } from '../../../schema/segment-policy.ts'
import { AGENT, BMC, OPERATOR } from '../fence-order.ts'
import { N1, ONE } from '../records.ts'

const login = { username: 'ha', password: 'x' }
const IPMI = { ipmi: { host: '192.0.2.1', ...login } }
const REDFISH = { redfish: { url: 'https://192.0.2.2/redfish/v1/Systems/1', ...login } }

const targetOf = (settings: object): FenceTarget => ({
  notification: N1,
  hostName: ONE,
  bmcs: bmcsOf(parseControlAttributes(JSON.stringify(settings))),
  agents: new Map(),
})

const asked: string[] = []
const PORTS = {
  power: {
    read: async ({ kind }: { readonly kind: string }) => {
      asked.push(kind)
      return 'off' as const
    },
    off: () => Promise.resolve(),
  },
  fenceAgent: { read: () => Promise.resolve('off' as const), off: () => Promise.resolve() },
  store: { listCommands: () => Promise.resolve([]) },
}

const kindsFor = (settings: object, ...rungs: readonly Rung[]): readonly string[] =>
  rungsFor(rungs, targetOf(settings).bmcs).map(({ kind }) => kind)

test('rung bmc is one rung for each way to the BMC, Redfish first', (t) => {
  t.deepEqual(kindsFor({ ...IPMI, ...REDFISH }, BMC, AGENT), ['redfish', 'ipmi', 'agent'])
  t.deepEqual(kindsFor(IPMI, BMC, AGENT), ['bmc', 'agent'])
  t.deepEqual(kindsFor(REDFISH, BMC, OPERATOR), ['bmc', 'operator'])
  t.deepEqual(kindsFor({}, BMC), ['bmc'])
})

test('a plan that names the protocols keeps their order', (t) => {
  const limitMs = 20_000
  const plan = [{ kind: 'ipmi', limitMs }, AGENT, { kind: 'redfish', limitMs }] as const
  t.deepEqual(kindsFor({ ...IPMI, ...REDFISH }, ...plan), ['ipmi', 'agent', 'redfish'])
})

test('each rung asks over its own protocol, and the rung bmc over the one that there is', async (t) => {
  const { signal } = new AbortController()
  for (const [settings, kind, protocol] of [
    [{ ...IPMI, ...REDFISH }, 'redfish', 'Redfish'],
    [{ ...IPMI, ...REDFISH }, 'ipmi', 'IPMI'],
    [IPMI, 'bmc', 'IPMI'],
    [REDFISH, 'bmc', 'Redfish'],
  ] as const) {
    const device = deviceOf(PORTS, targetOf(settings), { kind, limitMs: 1000 })
    t.is(await device.read(signal), 'off')
    t.is(asked.pop(), protocol.toLowerCase())
    const address = protocol === 'IPMI' ? '192.0.2.1' : '192.0.2.2'
    t.is(device.channel, `the BMC at ${address} over ${protocol}`)
  }
})

test('a host without settings for the protocol of a rung says which are missing', async (t) => {
  const { signal } = new AbortController()
  for (const [settings, kind, protocol] of [
    [IPMI, 'redfish', 'Redfish'],
    [REDFISH, 'ipmi', 'IPMI'],
    [{}, 'bmc', 'Redfish or IPMI'],
  ] as const) {
    const device = deviceOf(PORTS, targetOf(settings), { kind, limitMs: 1000 })
    await t.throwsAsync(device.read(signal), {
      code: 'POWER_UNAVAILABLE',
      message: `${ONE} has no ${protocol} settings in its control_attributes`,
    })
  }
})
