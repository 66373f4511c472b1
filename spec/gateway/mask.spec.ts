/**
 * Whatever a host's `control_attributes` contain, no secret is shown, to any caller in any place.
 */
import test from 'ava'
import * as fc from 'fast-check'
import { credentialsToStore } from '../../gateway/credentials/credentials.ts'
import { HIDDEN, shownToAdmins, shownToOthers } from '../../gateway/credentials/mask.ts'
import { isCoded } from '../../schema/errors.ts'
import { parseControlAttributes } from '../../schema/control-attributes.ts'
import { holds } from '../support/holds.ts'

test('names of failure domains are shown, and anything else in their place is hidden', (t) => {
  const named = '{"failure_domains":["rack:1"],"ssh":{"host":"a","username":"b"}}'
  t.is(shownToOthers(named), named)
  const secret = JSON.stringify({ failure_domains: { password: 'hunter2' } })
  t.is(shownToAdmins(secret), `{"failure_domains":"${HIDDEN}"}`)
  const wrong = '{"failure_domains":["https://ha:hunter2@host/"]}'
  t.false(parseControlAttributes(wrong).problems.join().includes('hunter2'))
  t.false(shownToAdmins(wrong).includes('hunter2'))
})

const SECRET = 'hunter2-TOPSECRET'

/** Names whose values may be shown where we know their meaning. */
const harmless = fc.constantFrom('host', 'port', 'username', 'ip', 'plug', 'cipher_suite')
const telling = fc.constantFrom(
  'password',
  'passwd',
  'snmp_priv_passwd',
  'secret_key',
  'ipmi_password',
  'Password',
  'token',
)
const anyName = fc.oneof(harmless, telling, fc.string({ maxLength: 12 }))
const sectionName = fc.constantFrom('ipmi', 'ssh', 'fence', 'IPMI', 'bmc', 'extra', 'host')
const agentName = fc.constantFrom('fence_apc', 'fence_aws', 'apc', 'password')

/** A secret in any form: alone, inside a URL, in a list, in an object, at any depth. */
const secret = fc.letrec<{ readonly any: unknown; readonly bare: unknown }>((tie) => ({
  bare: fc.constantFrom(SECRET, `x${SECRET}`, `https://ha:${SECRET}@192.0.2.1/`, `ha:${SECRET}@a`),
  any: fc.oneof(
    { maxDepth: 5 },
    tie('bare'),
    fc.array(tie('any'), { minLength: 1, maxLength: 2 }),
    fc.dictionary(anyName, tie('any'), { minKeys: 1, maxKeys: 2 }),
  ),
})).any

/** A harmless name may have a secret inside another value, never alone. */
const member = fc.oneof(
  fc.tuple(telling, secret),
  fc.tuple(
    harmless,
    fc.oneof(fc.constant('192.0.2.1'), fc.array(secret), fc.constant(`ha:${SECRET}@a`)),
  ),
)
const fields = fc.array(member, { maxLength: 4 }).map((members) => Object.fromEntries(members))
const agents = fc.array(fc.tuple(agentName, fields)).map((each) => Object.fromEntries(each))
// An object under a section shows its harmless names, as it should.
const section = fc.oneof(fields, agents, fc.array(secret), fc.constant(SECRET))
const settings = fc
  .tuple(fc.array(fc.tuple(sectionName, section), { maxLength: 3 }), fields)
  .map(([sections, flat]) => ({
    ...flat,
    ...Object.fromEntries(
      // A text in the place of a section is an address, and would be shown.
      sections.filter(([name, value]) => name !== 'host' || typeof value === 'object'),
    ),
  }))
const document = fc.oneof(settings, fc.array(secret))
const text = fc.oneof(
  document.map((value) => JSON.stringify(value)),
  document.map((value) => JSON.stringify(value, null, 2)),
  document.map((value) => JSON.stringify(value).slice(0, -1)),
  document.map((value) => `{"password":"${SECRET}",${JSON.stringify(value).slice(1)}`),
  telling.map((name) => `${name}=${SECRET}`),
  telling.map((name) => `${name}: ${SECRET}`),
)

test('no secret is shown to any caller, with any name and in any place', (t) => {
  holds(
    t,
    fc.property(text, (stored) => {
      for (const shown of [shownToAdmins(stored), shownToOthers(stored)]) {
        if (shown.includes(SECRET)) throw new Error(`${stored} is shown as ${shown}`)
      }
    }),
    { numRuns: 5000 },
  )
})

test('no message about settings repeats a secret', (t) => {
  holds(
    t,
    fc.property(text, (stored) => {
      const said = parseControlAttributes(stored).problems.join()
      if (said.includes(SECRET)) throw new Error(said)
    }),
    { numRuns: 2000 },
  )
})

test('no secret is repeated in a refusal, and no mask is ever stored', (t) => {
  holds(
    t,
    fc.property(text, text, (sent, stored) => {
      try {
        const kept = credentialsToStore(shownToAdmins(sent), stored)
        if (kept !== stored && kept.includes(HIDDEN)) throw new Error(`stored: ${kept}`)
      } catch (error) {
        if (!isCoded(error, 'INPUT_INVALID') || error.message.includes(SECRET)) throw error
      }
    }),
    { numRuns: 2000 },
  )
})

test('addresses, user names and switches of our own settings and of fence agents stay visible', (t) => {
  const ours = {
    ipmi: {
      host: '192.0.2.1',
      port: 623,
      username: 'ha@site',
      cipher_suite: 17,
      privilege: 'USER',
    },
    redfish: {
      url: 'https://192.0.2.4/redfish/v1/Systems/1',
      username: 'ha',
      fingerprint: Array.from({ length: 32 }, () => 'AB').join(':'),
    },
    ssh: { host: '192.0.2.2', port: 22, username: 'ha', host_key: `SHA256:${'A'.repeat(43)}` },
    fence: { fence_apc: { ip: '192.0.2.3', username: 'ha', plug: 7, ssl: true } },
  }
  const spaced = JSON.stringify(ours, null, 2)
  t.is(shownToAdmins(spaced), spaced)
  t.is(shownToOthers(spaced), spaced)
  t.is(shownToOthers('SSH'), HIDDEN)
  t.is(shownToOthers(''), '')
})

test('of two members with one name, the one that does not count is not shown either', (t) => {
  const stored = `{"ipmi":{"password":"${SECRET}"},"ipmi":{"host":"192.0.2.1"}}`
  t.is(shownToAdmins(stored), '{"ipmi":{"host":"192.0.2.1"}}')
})
