/** The power channel has one name for every protocol, and its detail says which one was used. */
import test from 'ava'
import { askPower } from '../../../actors/host-watcher/ask-power.ts'
import { parseControlAttributes, type BmcSettings } from '../../../schema/control-attributes.ts'
import { CodedError } from '../../../schema/errors.ts'

const account = { username: 'ha', password: 'calvin' }
const { ipmi, redfish } = parseControlAttributes(
  JSON.stringify({
    ipmi: { host: '192.0.2.1', ...account },
    redfish: { url: 'https://192.0.2.1/redfish/v1/Systems/1', ...account },
  }),
)
const { signal } = new AbortController()
const sessions = { isKept: () => false }
const answer = (settings: BmcSettings | undefined, read: () => Promise<'on' | 'off'>) =>
  askPower({ read, sessions }, settings, signal)

for (const [settings, way] of [
  [ipmi, 'over IPMI'],
  [redfish, 'over Redfish'],
] as const) {
  test(`a power reading ${way} says so`, async (t) => {
    t.not(settings, undefined)
    t.deepEqual(await answer(settings, async () => 'on'), {
      channel: 'power',
      sign: 'on',
      detail: `chassis power is on, read ${way}`,
      session: 'closed',
    })
    t.like(await answer(settings, async () => 'off'), { channel: 'power', sign: 'off' })
    const silent = new CodedError('POWER_UNREACHABLE', 'no answer')
    const shown = await answer(settings, async () => Promise.reject(silent))
    t.like(shown, { channel: 'power', sign: 'silent' })
    t.true(shown.detail.startsWith(`${way}: `))
  })
}

test('a host without settings of a BMC is misconfigured on the power channel', async (t) => {
  t.like(await answer(undefined, async () => 'on'), { channel: 'power', sign: 'misconfigured' })
})
