/**
 * Options of fence agents: each is one line of an agent's input, and none changes the meaning of
 * another.
 */
import test from 'ava'
import { agentOptionProblems } from '../../schema/agent-options.ts'
import { parseControlAttributes } from '../../schema/control-attributes.ts'

test("options of ClusterLabs' agents are accepted", (t) => {
  const options = {
    ip: '10.0.0.9',
    ipport: '623',
    username: 'fence',
    password: 'pä ss=w"ord\\n%0a#',
    plug: '3',
    lanplus: '1',
    'ssl-insecure': 'true',
    snmp_priv_passwd: 's3cret',
    identity_file: '/etc/fence/id',
    status_file: '/run/fence',
  }
  t.deepEqual(agentOptionProblems(Object.entries(options)), [])
})

const LINE_BREAKS = ['\n', '\r', '\r\n', '\0', '\v', '\f', '\u001c', '\u0085', '\u2028', '\u2029']
for (const text of LINE_BREAKS) {
  const code = Array.from(text, (one) => one.codePointAt(0)).join(' and ')
  test(`a value may not contain the characters ${code}, which a program may read as the end of a line`, (t) => {
    const password = `x${text}action=on`
    t.regex(agentOptionProblems([['password', password]])[0] ?? '', /^password: .*line breaks/)
    const sent = JSON.stringify({ fence: { fence_apc: { password } } })
    t.regex(parseControlAttributes(sent).problems[0] ?? '', /^fence\.fence_apc\.password: /)
  })
}

for (const name of [
  'action',
  'option',
  'nodename',
  'help',
  'version',
  'debug',
  'debug_file',
  'debug-file',
  'missing_as_off',
  'missing-as-off',
  'password_script',
  'passwd_script',
  'snmp-priv-passwd-script',
  'telnet_path',
  'ssh_options',
  'Action',
  'action ',
  ' action',
  'x=1\naction',
  '#plug',
  '-o',
  '',
]) {
  test(`the option ${JSON.stringify(name)} may not be chosen`, (t) => {
    const problems = agentOptionProblems([[name, 'on']])
    t.is(problems.length, 1)
    t.notRegex(problems[0] ?? '', /\n/)
  })
}

for (const [one, other] of [
  ['plug', 'port'],
  ['ip', 'ipaddr'],
  ['username', 'login'],
  ['password', 'passwd'],
  ['ssl_insecure', 'ssl-insecure'],
  ['plug', 'plug'],
] as const) {
  test(`${one} and ${other} are one option, and only one of them may be given`, (t) => {
    const problems = agentOptionProblems([
      [one, '1'],
      [other, '2'],
    ])
    t.deepEqual(problems, [`${other}: must be left out: it is the same option as ${one}`])
  })
}

test('names of properties that every object has are no option names', (t) => {
  t.deepEqual(agentOptionProblems([['constructor', '1']]), [])
  t.is(agentOptionProblems([['__proto__', '1']]).length, 1)
})

test('values and their number have limits', (t) => {
  t.is(agentOptionProblems([['password', 'x'.repeat(1025)]]).length, 1)
  const many = Array.from({ length: 65 }, (_, at) => [`option_${at}`, '1'] as const)
  t.is(agentOptionProblems(many).length, 1)
})
