/** Finds the known name nearest to a misspelt one. */
import test from 'ava'
import { adviceFor, misspeltName, nearestName, shownName } from '../../schema/nearest-name.ts'

const NAMES = ['host', 'port', 'username', 'password', 'cipher_suite', 'privilege', 'host_key']

for (const [unknown, meant] of [
  ['hostkey', 'host_key'],
  ['HostKey', 'host_key'],
  ['host-key', 'host_key'],
  ['cipher', 'cipher_suite'],
  ['priviledge', 'privilege'],
  ['passwrod', 'password'],
  ['user', 'username'],
  ['hosst', 'host'],
  ['rack', undefined],
  ['', undefined],
] as const) {
  test(`${unknown || 'the empty name'} means ${meant ?? 'none of the known names'}`, (t) => {
    t.is(nearestName(unknown, NAMES), meant)
  })
}

test('advice names the nearest name, or all of them', (t) => {
  t.is(adviceFor('hostkey', NAMES), 'did you mean host_key?')
  t.is(adviceFor('rack', ['ipmi', 'ssh']), 'known: ipmi, ssh')
})

test('a misspelling differs in at most a quarter of its letters, or only in case and punctuation', (t) => {
  t.is(misspeltName('IPMI', ['ipmi', 'ssh']), 'ipmi')
  t.is(misspeltName('lables', ['labels']), undefined)
  t.is(misspeltName('lable', ['label']), undefined)
  t.is(misspeltName('alert', ['alerts', 'version']), 'alerts')
  t.is(misspeltName('ssl', ['ssh']), undefined)
  t.is(misspeltName('cipher', ['cipher_suite']), undefined)
})

test('a name of any length and letters is compared quickly, and shown in one line', (t) => {
  const long = 'x\n\u2028'.repeat(100_000)
  t.is(nearestName(long, NAMES), undefined)
  t.is(shownName(long).length, 64)
  t.regex(shownName(long), /^[x?]+$/)
})
