/** Rules for permissions, in oslo.policy's language. */
import test from 'ava'
import * as fc from 'fast-check'
import type { Caller } from '../../../actors/ports/identity.ts'
import { compilePolicy } from '../../../gateway/policy/policy.ts'
import { holds } from '../../support/holds.ts'

const caller = (roles: readonly string[], projectId: string | null = 'p1'): Caller => ({
  userId: 'u1',
  projectId,
  systemScope: false,
  serviceProjectId: null,
  roles,
  expiresAt: 0,
})

/** Whether a caller passes one rule. */
const passes = (rule: unknown, who: Caller): boolean =>
  compilePolicy({ 'os_masakari_api:segments:index': rule }).allows('segments:index', who)

for (const [rule, roles, allowed] of [
  ['', [], true],
  ['@', [], true],
  ['!', ['admin'], false],
  ['role:operator', ['operator'], true],
  ['role:Operator', ['OPERATOR'], true],
  ['role:operator', ['admin'], false],
  ['rule:admin_api', ['Admin'], true],
  ['is_admin:True', ['admin'], true],
  ['is_admin:True', ['reader'], false],
  ['is_admin:False', ['reader'], true],
  ['role:a or role:b and role:c', ['a'], true],
  ['role:a or role:b and role:c', ['b'], false],
  ['role:a or role:b and role:c', ['b', 'c'], true],
  ['(role:a or role:b) and role:c', ['a'], false],
  ['(role:a or role:b) and role:c', ['c', 'b'], true],
  ['not role:a', ['b'], true],
  ['not (role:a or role:b)', ['b'], false],
  ['NOT role:a AND role:b', ['b'], true],
  ['project_id:%(project_id)s', [], true],
  ['(project_id:%(project_id)s and role:a)', ['a'], true],
  ['tenant_id:p1', [], true],
  ['user_id:u2', [], false],
  ["'p1':%(project_id)s", [], true],
  ['True:True', [], true],
  [[], [], true],
  [['role:a', ['role:b', 'role:c']], ['b', 'c'], true],
  [['role:a', ['role:b', 'role:c']], ['b'], false],
] as const) {
  const verb = allowed ? 'lets' : 'does not let'
  test(`the rule ${JSON.stringify(rule)} ${verb} the roles [${roles.join()}] in`, (t) => {
    t.is(passes(rule, caller(roles)), allowed)
  })
}

test("a token of the system scope, and one of the service's project, are recognised", (t) => {
  const system = { ...caller([], null), systemScope: true }
  t.true(passes('system_scope:all', system))
  t.false(passes('system_scope:all', caller([])))
  const ofService = 'project_id:%(service_project_id)s'
  t.true(passes(ofService, { ...caller([]), serviceProjectId: 'p1' }))
  t.false(passes(ofService, { ...caller([]), serviceProjectId: 'p2' }))
  t.false(passes(ofService, caller([])))
  t.false(passes(ofService, system))
})

test('a caller without a project matches no project', (t) => {
  t.false(passes('project_id:%(project_id)s', caller([], null)))
  t.false(passes('project_id:None', caller([], null)))
})

for (const [rule, text] of [
  ['role:a or', /ends where a check was expected/],
  ['(role:a', /bracket is not closed/],
  ['role:a)', /"\)" where/],
  ['role:a role:b', /"role:b" where/],
  ['admin', /"admin" is not a check/],
  ['rule:nobody_knows', /"nobody_knows".*not defined/],
  ['http://example.org/', /"http:" is neither one of/],
  ['domain_id:d1', /"domain_id:" is neither one of/],
  ['project_id:%(target.project)s', /a request has/],
  ['rule:os_masakari_api:segments:index', /builds on itself/],
  [7, /neither a text nor a list/],
  [`${'('.repeat(33)}@${')'.repeat(33)}`, /nested deeper than 32 levels/],
  [`${'not '.repeat(100_000)}@`, /nested deeper than 32 levels/],
] as const) {
  test(`the rule ${JSON.stringify(rule).slice(0, 60)} is refused`, (t) => {
    const error = t.throws(() => passes(rule, caller([])), { code: 'CONFIG_INVALID' })
    t.regex(error?.message ?? '', text)
  })
}

test('a rule for an operation that this API does not have is refused, with the nearest known one', (t) => {
  const error = t.throws(() => compilePolicy({ 'os_masakari_api:segment:index': '!' }))
  t.regex(
    error?.message ?? '',
    /"os_masakari_api:segment:index".*no such rule; did you mean os_masakari_api:segments:index\?/,
  )
})

test('a chain of rules that is too long is refused', (t) => {
  const chain = Array.from({ length: 20 }, (_value, index) => [`r${index}`, `rule:r${index + 1}`])
  const rules = Object.fromEntries([...chain, ['r20', '@']])
  t.throws(() => compilePolicy(rules), { message: /builds on more than 16 rules/ })
})

test('the rule for administrators can be changed, and must not depend on itself', (t) => {
  const policy = compilePolicy({ context_is_admin: 'role:cloud_operator', mine: 'role:x' })
  t.true(policy.isAdmin(caller(['cloud_operator'])))
  t.false(policy.isAdmin(caller(['admin'])))
  t.true(policy.allows('segments:create', caller(['cloud_operator'])))
  t.throws(() => compilePolicy({ context_is_admin: 'is_admin:True' }), { message: /itself/ })
})

test('b09: a reporter may report and do nothing else', (t) => {
  const policy = compilePolicy({})
  const reporter = caller(['reporter'])
  t.true(policy.allows('notifications:create', reporter))
  for (const action of [
    'notifications:index',
    'segments:index',
    'os-hosts:index',
    'events:index',
  ] as const) {
    t.false(policy.allows(action, reporter), action)
  }
})

test('any text is a rule or refused as bad configuration', (t) => {
  const word = fc.constantFrom('(', ')', 'and', 'or', 'not', '@', '!', 'role:a', 'x', '', '%(x)s')
  holds(
    t,
    fc.property(fc.array(word, { maxLength: 12 }), fc.string(), (words, text) => {
      for (const rule of [words.join(' '), words.join(''), text]) {
        try {
          passes(rule, caller(['a']))
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'CONFIG_INVALID')) {
            throw error
          }
        }
      }
    }),
    { numRuns: 500 },
  )
})
