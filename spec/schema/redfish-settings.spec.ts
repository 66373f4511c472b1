/** Settings of Redfish: addresses that may be used, and refusals that repeat no secret. */
import test from 'ava'
import { bmcsOf, parseControlAttributes } from '../../schema/control-attributes.ts'
import { shownToAdmins } from '../../gateway/credentials/mask.ts'

const PIN = Array.from({ length: 32 }, (_, index) => (160 + index).toString(16).toUpperCase()).join(
  ':',
)

const withRedfish = (settings: object): string =>
  JSON.stringify({
    redfish: {
      url: 'https://bmc.example/redfish/v1/Systems/1',
      username: 'ha',
      password: 'of-the-bmc',
      ...settings,
    },
  })

test('settings are taken, and a fingerprint in any spelling is the same', (t) => {
  const spellings = [PIN, PIN.toLowerCase(), PIN.replaceAll(':', ''), ` ${PIN} `]
  for (const fingerprint of spellings) {
    const { redfish, problems } = parseControlAttributes(withRedfish({ fingerprint }))
    t.deepEqual(problems, [])
    t.deepEqual(redfish?.fingerprints, [PIN])
    t.is(redfish?.password.reveal(), 'of-the-bmc')
  }
  const two = parseControlAttributes(withRedfish({ fingerprint: `${PIN},${PIN}` })).redfish
  t.is(two?.fingerprints.length, 2)
  t.deepEqual(parseControlAttributes(withRedfish({})).redfish?.fingerprints, [])
})

for (const url of [
  'https://192.0.2.1/redfish/v1/Systems/System.Embedded.1',
  'https://[2001:db8::1]:8443/redfish/v1/Systems/system/',
  'http://127.0.0.1:8000/redfish/v1/Systems/1',
  'http://[::1]/redfish/v1/Systems/1',
  'http://localhost/redfish/v1/Systems/1',
]) {
  test(`${url} may be used`, (t) => {
    t.is(parseControlAttributes(withRedfish({ url })).redfish?.url, url)
  })
}

for (const [url, what] of [
  ['bmc.example', /must be a URL/],
  ['http://192.0.2.1/redfish/v1/Systems/1', /must begin with https/],
  ['http://127.0.0.1.example/redfish/v1/Systems/1', /must begin with https/],
  ['file:///redfish/v1/Systems/1', /must begin with https/],
  ['https://192.0.2.1', /must name one machine/],
  ['https://192.0.2.1/redfish/v1/Systems', /must name one machine/],
  ['https://192.0.2.1/redfish/v1/Systems/1/../../Managers/1', /must name one machine/],
  ['https://192.0.2.1/redfish/v1/Systems/1?token=hidden', /must name one machine/],
  ['https://ha:hidden@192.0.2.1/redfish/v1/Systems/1', /must hold no user/],
  [`https://192.0.2.1/redfish/v1/Systems/${'1'.repeat(512)}`, /must not exceed 512/],
  ['', /redfish\.url: must be a text/],
] as const) {
  test(`${url.slice(0, 60) || 'no URL'} is refused, and not repeated`, (t) => {
    const { redfish, problems } = parseControlAttributes(withRedfish({ url }))
    t.is(redfish, undefined)
    t.regex(problems.join(), what)
    t.notRegex(problems.join(), /hidden/)
    t.notRegex(shownToAdmins(withRedfish({ url })), /hidden|of-the-bmc/)
  })
}

for (const fingerprint of ['AA:BB', `${PIN}:00`, 7, null, [PIN], `${PIN},`, 'SHA256:abc']) {
  test(`fingerprint ${JSON.stringify(fingerprint)} is refused`, (t) => {
    const { redfish, problems } = parseControlAttributes(withRedfish({ fingerprint }))
    t.is(redfish, undefined)
    t.is(problems.length, 1)
    t.regex(problems.join(), /^redfish\.fingerprint: must be the SHA-256/)
  })
}

test('a name that nothing reads is named with the one that was meant', (t) => {
  const { problems } = parseControlAttributes(withRedfish({ finger_print: PIN }))
  t.deepEqual(problems, ['redfish.finger_print: unknown; did you mean fingerprint?'])
})

test('a host may have both ways to its BMC, and Redfish comes first', (t) => {
  const ipmi = { host: '192.0.2.1', username: 'ha', password: 'x' }
  const both = parseControlAttributes(JSON.stringify({ ipmi, ...JSON.parse(withRedfish({})) }))
  t.deepEqual(both.problems, [])
  t.deepEqual(
    bmcsOf(both).map(({ kind }) => kind),
    ['redfish', 'ipmi'],
  )
})
