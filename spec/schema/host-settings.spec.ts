/**
 * Values of the IPMI and SSH settings: those that the tools accept, and refusals that name them.
 */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { parseControlAttributes } from '../../schema/control-attributes.ts'

const fixture = (name: string): string =>
  readFileSync(`spec/fixtures/attributes/${name}.json`, 'utf8')
const withIpmi = (settings: object): string =>
  JSON.stringify({ ipmi: { host: '192.0.2.3', username: 'ha', password: 'x', ...settings } })
const withKey = (key: unknown): string =>
  JSON.stringify({ ssh: { host: '192.0.2.3', username: 'ha', host_key: key } })

const problemsOf = (privilege: string): string =>
  parseControlAttributes(withIpmi({ privilege })).problems.join()

const ONE = `SHA256:${'A'.repeat(43)}`
const TWO = `SHA256:${'B'.repeat(43)}`

test('default is cipher suite 17 and the privilege ADMINISTRATOR', (t) => {
  t.like(parseControlAttributes(withIpmi({})).ipmi, {
    cipherSuite: 17,
    privilege: 'ADMINISTRATOR',
  })
})

for (const suite of [1, 2, 3, 15, 16, 17, '3']) {
  test(`cipher suite ${JSON.stringify(suite)} is taken`, (t) => {
    const { ipmi, problems } = parseControlAttributes(withIpmi({ cipher_suite: suite }))
    t.deepEqual(problems, [])
    t.is(ipmi?.cipherSuite, Number(suite))
  })
}

for (const suite of [0, 4, 8, 12, 14, 18, 3.5, '', 'three', null, [3], true]) {
  test(`cipher suite ${JSON.stringify(suite)} is ${suite === null ? 'the default' : 'refused with the list'}`, (t) => {
    const { ipmi, problems } = parseControlAttributes(withIpmi({ cipher_suite: suite }))
    if (suite === null) {
      t.is(ipmi?.cipherSuite, 17)
      return
    }
    t.is(ipmi, undefined)
    t.is(problems.length, 1)
    t.true(problems[0]?.startsWith('ipmi.cipher_suite: '))
    t.regex(problems[0] ?? '', /1, 2, 3, 15, 16, 17/)
  })
}

test('cipher suite 12 of the field file is refused', (t) => {
  const { problems } = parseControlAttributes(fixture('ipmi-cipher-suite-12'))
  t.regex(problems.join(), /^ipmi\.cipher_suite: 12 is not one of 1, 2, 3, 15, 16, 17/)
})

test('level that may not power off is named, and any other text is not repeated', (t) => {
  t.regex(problemsOf('USER'), /^ipmi\.privilege: USER is not OPERATOR or ADMINISTRATOR/)
  t.notRegex(problemsOf('a-secret'), /a-secret/)
})

test('operator of the field file is accepted', (t) => {
  const { ipmi, problems } = parseControlAttributes(fixture('ipmi-operator'))
  t.deepEqual(problems, [])
  t.like(ipmi, { cipherSuite: 3, privilege: 'OPERATOR' })
})

for (const privilege of ['USER', 'CALLBACK', 'OEM', 'operator', 'ROOT', 4, '']) {
  test(`privilege ${JSON.stringify(privilege)} is refused by name`, (t) => {
    const { ipmi, problems } = parseControlAttributes(withIpmi({ privilege }))
    t.is(ipmi, undefined)
    t.true(problems[0]?.startsWith('ipmi.privilege: '))
    t.regex(problems[0] ?? '', /OPERATOR or ADMINISTRATOR/)
  })
}

for (const key of [ONE, `ssh-rsa ${ONE}`, `ssh-ed25519 ${ONE}, ${TWO}`, `${ONE},ssh-rsa ${TWO}`]) {
  test(`host key ${key} is taken`, (t) => {
    const { ssh, problems } = parseControlAttributes(withKey(key))
    t.deepEqual(problems, [])
    t.is(ssh?.hostKey, key)
  })
}

for (const key of ['', `${ONE},`, `ssh-dss ${ONE}`, 'ssh-rsa AAAA', `${ONE} ${TWO}`, [ONE], 7]) {
  test(`host key ${JSON.stringify(key)} is refused by name`, (t) => {
    const { ssh, problems } = parseControlAttributes(withKey(key))
    t.is(ssh, undefined)
    t.regex(problems.join(), /^ssh\.host_key: must be SHA256:/)
  })
}
