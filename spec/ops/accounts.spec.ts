/**
 * The accounts in a configuration: domains by id or by name, and when two accounts are the same.
 */
import { readFile } from 'node:fs/promises'
import test from 'ava'
import { computeAccount, identityAccount } from '../../ops/accounts.ts'
import type { Config } from '../../schema/config.ts'
import { isSameAccount, type Account } from '../../transports/openstack/account.ts'
import { readText } from '../support/config-text.ts'

const BOTH = `
[DEFAULT]
os_privileged_user_auth_url = http://controller:5000
os_privileged_user_name = ha
os_privileged_user_password = p
os_privileged_user_tenant = service
[keystone_authtoken]
auth_url = http://controller:5000/v3
username = ha
password = p
`

const read = (text: string): Config => readText(text).config

const checker = (text: string): Account | undefined => identityAccount(read(BOTH + text))

test('the field file names domains by id for one account, by name for the other', async (t) => {
  const config = read(await readFile('spec/fixtures/config/domain-by-id.conf', 'utf8'))
  const domain = { id: '4e1fd508dda14c6685cf980aee1f00de' }
  t.like(identityAccount(config), {
    userDomain: domain,
    project: { name: 'services', domain },
  })
  const named = { name: 'service_domain' }
  t.like(computeAccount(config), {
    userDomain: named,
    project: { name: 'services', domain: named },
  })
})

for (const { text, user, project } of [
  { text: '', user: { name: 'Default' }, project: { name: 'Default' } },
  {
    text: 'user_domain_name = a\nuser_domain_id = b',
    user: { id: 'b' },
    project: { name: 'Default' },
  },
  {
    text: 'default_domain_id = c\nproject_domain_name = d',
    user: { id: 'c' },
    project: { name: 'd' },
  },
  { text: 'default_domain_name = e', user: { name: 'e' }, project: { name: 'e' } },
]) {
  test(`domains are chosen as Keystone's clients choose them: ${JSON.stringify(text)}`, (t) => {
    t.like(checker(text), { userDomain: user, project: { name: 'service', domain: project } })
  })
}

test('an id of the project needs no domain', (t) => {
  t.deepEqual(checker('project_id = 1\nproject_domain_id = 2')?.project, { id: '1' })
})

test('the acting account may have domains by id too', (t) => {
  const acting = computeAccount(
    read(`[DEFAULT]\nos_user_domain_id = 1\nos_project_domain_id = 2\n${BOTH}`),
  )
  t.like(acting, { userDomain: { id: '1' }, project: { domain: { id: '2' } } })
})

for (const { text, isSame } of [
  { text: 'user_domain_name = default\nproject_domain_name = default', isSame: true },
  { text: 'user_domain_name = other\nproject_domain_name = default', isSame: false },
  { text: 'user_domain_name = default\nproject_domain_name = other', isSame: false },
  { text: 'user_domain_id = default\nproject_domain_name = default', isSame: false },
  { text: 'default_domain_name = default\nproject_name = other', isSame: false },
  { text: 'default_domain_name = default\npassword = other', isSame: false },
  { text: 'default_domain_name = default\nusername = other', isSame: false },
  { text: 'default_domain_name = default\nauth_url = http://other:5000', isSame: false },
]) {
  test(`accounts are the same only if all their parts are: ${JSON.stringify(text)}`, (t) => {
    const config = read(BOTH + text)
    const [one, other] = [computeAccount(config), identityAccount(config)]
    if (one === undefined || other === undefined) return t.fail('there is no account')
    t.is(isSameAccount(one, other), isSame)
  })
}
