/** Which texts are settings of ours, and which of their names are not read. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { parseControlAttributes } from '../../schema/control-attributes.ts'
import {
  CONTROL_ATTRIBUTES_BOUNDS,
  readSettings,
  unreadableNote,
} from '../../schema/settings-document.ts'

const kinds: Readonly<Record<ReturnType<typeof readSettings>['kind'], readonly string[]>> = {
  label: ['', 'SSH', 'rack 7', 'password=calvin', '"x"', '7', 'null', 'IPMI at {192.0.2.1}'],
  foreign: [
    '[1]',
    '{"rack":  7}',
    '{"ipmi_address":"192.0.2.9","ipmi_username":"ha","ipmi_password":"x"}',
    '{"username":"ha","password":"x"}',
    '{"post":"a","hosts":["b"]}',
    '{"power":{"host":"192.0.2.1"}}',
  ],
  ours: [
    '{"host":"192.0.2.1"}',
    ' {"ssh":{}}',
    '{"fence":[]}',
    '{"IPMI":{}}',
    '{"fences":{}}',
    '{"Host":"192.0.2.1","Username":"ha"}',
  ],
  unreadable: [
    '{broken',
    "{'ipmi': {}}",
    '[1,',
    '{'.repeat(5000),
    'x'.repeat(CONTROL_ATTRIBUTES_BOUNDS.characters + 1),
    'sealed:v1:garbage',
    unreadableNote('the key 0123456789abcdef is not in the key file'),
  ],
}

for (const [kind, texts] of Object.entries(kinds)) {
  for (const text of texts) {
    test(`${JSON.stringify(text.slice(0, 60))} is ${kind}`, (t) => {
      t.is<string, string>(readSettings(text).kind, kind)
      const { ipmi, ssh, agents, problems } = parseControlAttributes(text)
      if (kind === 'ours') return
      t.deepEqual([ipmi, ssh, agents.size], [undefined, undefined, 0])
      t.is(problems.length, kind === 'unreadable' ? 1 : 0)
    })
  }
}

const misspelt = readFileSync('spec/fixtures/attributes/misspelt-attributes.jsonl', 'utf8')
const advices = [
  'ssh.hostkey: unknown; did you mean host_key?',
  'ipmi.cipher: unknown; did you mean cipher_suite?',
  'IPMI: unknown; did you mean ipmi?',
]
for (const [index, text] of misspelt.trim().split('\n').entries()) {
  test(`misspelt name is reported with the nearest known name: ${text}`, (t) => {
    t.deepEqual(parseControlAttributes(text).problems, [advices[index]])
  })
}

for (const [settings, problem] of [
  [{ ipmi: {}, rack: 7 }, 'rack: unknown; known: ipmi, redfish, ssh, fence, failure_domains'],
  [{ host: 'a', username: 'b', hostkey: 'c' }, 'hostkey: unknown; did you mean host_key?'],
  [{ host: 'a', password: 'b', host_key: 'c' }, 'host_key: unknown; did you mean host?'],
  [{ ipmi: { user: 'ha' } }, 'ipmi.user: unknown; did you mean username?'],
  [{ fence: { apc: {} } }, 'fence.apc: agents are called fence_ and a name in small letters'],
  [{ ssh: { 'a\nb': 1 } }, 'ssh.a?b: unknown; known: host, port, username, host_key'],
] as const) {
  test(`${JSON.stringify(settings)} has a name that is not read`, (t) => {
    t.true(parseControlAttributes(JSON.stringify(settings)).problems.includes(problem))
  })
}

test('known names are no problem, nor are any options of fence agents', (t) => {
  const ipmi = { host: 'a', port: 1, username: 'b', password: 'c', cipher_suite: 3 }
  const ssh = { host: 'a', port: 1, username: 'b', host_key: `SHA256:${'A'.repeat(43)}` }
  const fence = { fence_x: { snmp_priv_passwd: 'x', anything: true } }
  const both = { ipmi: { ...ipmi, privilege: 'OPERATOR' }, ssh, fence }
  for (const settings of [both, ipmi, ssh]) {
    t.deepEqual(parseControlAttributes(JSON.stringify(settings)).problems, [])
  }
})

test('settings that were stored with an unknown name are still used', (t) => {
  const text = '{"ssh":{"host":"192.0.2.3","username":"ha","hostkey":"x"},"rack":7}'
  const { ssh, problems } = parseControlAttributes(text)
  t.is(ssh?.address, '192.0.2.3')
  t.is(problems.length, 2)
})
