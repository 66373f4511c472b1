/**
 * Credentials of hosts over the API: checked, never shown with a password, and kept when the mask
 * is sent back.
 */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { assert, jsonValue, property } from 'fast-check'
import { credentialsToStore } from '../../gateway/credentials/credentials.ts'
import { shownToAdmins } from '../../gateway/credentials/mask.ts'
import { newKeyLine, parseKeys } from '../../transports/vault/keyring.ts'
import { sealedStore } from '../../transports/vault/sealed-store.ts'
import { aHost, aSegment, startGateway, textAt, type GatewayWorld } from '../support/gateway.ts'
import { silentLog } from '../support/logs.ts'

const BOTH = {
  ipmi: { host: '192.0.2.1', username: 'ha', password: 'calvin' },
  ssh: { host: '192.0.2.2', username: 'ha' },
}
const AGENTS = { fence: { fence_apc: { ip: '192.0.2.3', username: 'ha', password: 'calvin' } } }
const FLAT = { host: '192.0.2.1', username: 'ha', password: 'calvin' }

const masked = (settings: object): string =>
  JSON.stringify(settings).replaceAll('"calvin"', '"***"')

async function put(world: GatewayWorld, path: string, control_attributes: string) {
  return world.call({ method: 'PUT', url: path, body: { host: { control_attributes } } })
}

test('administrators see everything except the password, in every answer', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const list = `/v1/segments/${segment}/hosts`
  for (const [index, settings] of [BOTH, FLAT, AGENTS].entries()) {
    const control_attributes = JSON.stringify(settings)
    const name = `compute-${index}`
    const host = { name, type: 'COMPUTE', control_attributes }
    const created = await world.call({ method: 'POST', url: list, body: { host } })
    t.is(textAt(created.json, 'host', 'control_attributes'), masked(settings))
    const path = `${list}/${textAt(created.json, 'host', 'uuid')}`
    const read = await world.call({ url: path })
    t.is(textAt(read.json, 'host', 'control_attributes'), masked(settings))
    const changed = await world.call({
      method: 'PUT',
      url: path,
      body: { host: { reserved: true } },
    })
    t.false(changed.text.includes('calvin'))
  }
  t.false((await world.call({ url: list })).text.includes('calvin'))
})

test('client that sends the masked text back keeps the stored password', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const id = await aHost(world, segment, 'compute-1', { control_attributes: JSON.stringify(BOTH) })
  const path = `/v1/segments/${segment}/hosts/${id}`
  const stored = async () => (await world.store.listAllHosts())[0]?.controlAttributes
  t.is((await put(world, path, masked(BOTH))).status, 200)
  t.is(await stored(), JSON.stringify(BOTH))
  const moved = { ...BOTH, ipmi: { ...BOTH.ipmi, host: '192.0.2.9' } }
  t.is((await put(world, path, masked(moved))).status, 200)
  t.is(await stored(), JSON.stringify(moved))
  const renewed = { ...BOTH, ipmi: { ...BOTH.ipmi, password: 'hobbes' } }
  t.is((await put(world, path, JSON.stringify(renewed))).status, 200)
  t.is(await stored(), JSON.stringify(renewed))
})

test('mask without a stored password is refused', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const host = { name: 'compute-1', type: 'COMPUTE', control_attributes: masked(FLAT) }
  const list = `/v1/segments/${segment}/hosts`
  t.is((await world.call({ method: 'POST', url: list, body: { host } })).status, 400)
  const id = await aHost(world, segment, 'compute-2')
  const { status, text } = await put(world, `${list}/${id}`, masked(BOTH))
  t.is(status, 400)
  t.regex(text, /control_attributes.*no value is stored/)
})

test('settings that cannot be used are refused with the reason, and without their text', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const settings = { ipmi: { host: '', username: 'ha', password: 'calvin', port: 0 } }
  const host = {
    name: 'compute-1',
    type: 'COMPUTE',
    control_attributes: JSON.stringify(settings),
  }
  const url = `/v1/segments/${segment}/hosts`
  const { status, text } = await world.call({ method: 'POST', url, body: { host } })
  t.is(status, 400)
  t.regex(text, /control_attributes.*ipmi\.host: .*; ipmi\.port: /)
  t.false(text.includes('calvin'))
})

test('labels are stored and shown as they are; other texts are hidden unless they are harmless', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const shown = {
    SSH: 'SSH',
    'rack 7, left': 'rack 7, left',
    '{"rack":  7}': '{"rack":"***"}',
    '{"address":  "192.0.2.1"}': '{"address":  "192.0.2.1"}',
    'password=calvin': '***',
    '[1]': '***',
    '"x"': '***',
    '{broken': '(unreadable: the text is not JSON)',
  }
  for (const [index, [text, expected]] of Object.entries(shown).entries()) {
    const id = await aHost(world, segment, `compute-${index}`, { control_attributes: text })
    const path = `/v1/segments/${segment}/hosts/${id}`
    const { json } = await world.call({ url: path })
    t.is(textAt(json, 'host', 'control_attributes'), expected)
    t.is((await put(world, path, expected)).status, 200)
    t.is((await world.store.listAllHosts()).at(-1)?.controlAttributes, text)
  }
})

const otherNames = readFileSync('spec/fixtures/attributes/secrets-by-other-names.jsonl', 'utf8')
for (const settings of otherNames.trim().split('\n')) {
  test(`secret with an unknown name is masked for every caller: ${settings}`, async (t) => {
    await using world = await startGateway()
    const segment = await aSegment(world)
    const id = await aHost(world, segment, 'compute-1', { control_attributes: settings })
    const path = `/v1/segments/${segment}/hosts/${id}`
    for (const token of ['admin-token', 'reader-token']) {
      const { status, text } = await world.call({ url: path, token })
      t.is(status, 200)
      t.false(text.includes('TOPSECRET'))
    }
    const { json } = await world.call({ url: path })
    const shown = textAt(json, 'host', 'control_attributes')
    t.true(shown.includes('***'))
    t.is((await put(world, path, shown)).status, 200)
    const changed = JSON.stringify({ ...JSON.parse(shown), address: '192.0.2.77' })
    if (!settings.includes('fence')) t.is((await put(world, path, changed)).status, 200)
    const [host] = await world.store.listAllHosts()
    t.regex(host?.controlAttributes ?? '', /TOPSECRET/)
    t.false(host?.controlAttributes.includes('***'))
  })
}

const misspelt = readFileSync('spec/fixtures/attributes/misspelt-attributes.jsonl', 'utf8')
for (const settings of misspelt.trim().split('\n')) {
  test(`misspelt name is 400 that names it and the nearest one, and nothing is stored: ${settings}`, async (t) => {
    await using world = await startGateway()
    const segment = await aSegment(world)
    const list = `/v1/segments/${segment}/hosts`
    const host = { name: 'compute-1', type: 'COMPUTE', control_attributes: settings }
    const created = await world.call({ method: 'POST', url: list, body: { host } })
    const id = await aHost(world, segment, 'compute-2')
    const changed = await put(world, `${list}/${id}`, settings)
    for (const { status, text } of [created, changed]) {
      t.is(status, 400)
      t.regex(text, /control_attributes.*(hostkey.*host_key|cipher.*cipher_suite|IPMI.*ipmi)\?/)
    }
    const stored = await world.store.listAllHosts()
    t.deepEqual(
      stored.map(({ controlAttributes }) => controlAttributes),
      ['label'],
    )
  })
}

for (const [settings, words] of [
  ['{"ipmi":{"host":"a","username":"b","password":"c","cipher_suite":12}}', /cipher_suite: 12 is/],
  ['{"ipmi":{"host":"a","username":"b","password":"c","privilege":"USER"}}', /privilege: .*USER/],
  ['{"ssh":{"host":"a","username":"b","host_key":"ssh-dss SHA256:x"}}', /host_key: must be/],
] as const) {
  test(`value that cannot be used is 400 that names it: ${settings}`, async (t) => {
    await using world = await startGateway()
    const segment = await aSegment(world)
    const host = { name: 'compute-1', type: 'COMPUTE', control_attributes: settings }
    const url = `/v1/segments/${segment}/hosts`
    const { status, text } = await world.call({ method: 'POST', url, body: { host } })
    t.is(status, 400)
    t.regex(text, words)
  })
}

test('mask instead of a secret that is not stored is refused by name', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const id = await aHost(world, segment, 'compute-1', {
    control_attributes: JSON.stringify(AGENTS),
  })
  const path = `/v1/segments/${segment}/hosts/${id}`
  const other = { fence: { fence_apc: { ip: '192.0.2.3', snmp_priv_passwd: '***' } } }
  const { status, text } = await put(world, path, JSON.stringify(other))
  t.is(status, 400)
  t.regex(text, /fence\.fence_apc\.snmp_priv_passwd is masked/)
  for (const mask of ['***', '(unreadable: the text is not JSON)']) {
    t.is((await put(world, path, mask)).status, 400, mask)
  }
  t.is((await world.store.listAllHosts())[0]?.controlAttributes, JSON.stringify(AGENTS))
})

test('settings that are sent back as shown store what was stored', (t) => {
  assert(
    property(jsonValue(), (value) => {
      const stored = JSON.stringify(value)
      t.is(credentialsToStore(shownToAdmins(stored), stored), stored)
    }),
  )
})

test('over a sealed store, filters by credentials work for administrators, and an order by them is 400', async (t) => {
  const keyring = parseKeys(newKeyLine())
  await using world = await startGateway({
    wrapStore: (store) => sealedStore(store, keyring, silentLog),
  })
  const segment = await aSegment(world)
  await aHost(world, segment, 'compute-1', { control_attributes: 'rack 7' })
  await aHost(world, segment, 'compute-2', { control_attributes: 'rack 8' })
  const list = `/v1/segments/${segment}/hosts`
  const { json } = await world.call({ url: `${list}?control_attributes=rack%208` })
  t.is(textAt(json, 'hosts', 0, 'name'), 'compute-2')
  t.is(textAt(json, 'hosts', 1), 'undefined')
  t.is((await world.call({ url: `${list}?sort_key=control_attributes` })).status, 400)
  const [stored] = await world.store.listAllHosts()
  t.regex(stored?.controlAttributes ?? '', /^sealed:v1:/)
})
