/** Options that are not read: refused in our own sections, a remark in Masakari's sections. */
import test from 'ava'
import { renderSample } from '../../ops/config/render-sample.ts'
import { describeProblems, readConfig } from '../../ops/load-config.ts'
import { LEAST_CONFIG, problemsOfText, readText } from '../support/config-text.ts'

const problemsOf = (text: string): readonly string[] => problemsOfText(LEAST_CONFIG + text)
const notesOf = (text: string): readonly string[] => readText(LEAST_CONFIG + text).notes

for (const [text, problem] of [
  ['[bus]\nsever = x', '[bus] sever: there is no such option; did you mean servers?'],
  ['[bus]\nCA-File = x', '[bus] CA-File: there is no such option; did you mean ca_file?'],
  ['[webhook]\ntokn = secret', '[webhook] tokn: there is no such option; did you mean token?'],
  ['[roles]\nenable = engine', '[roles] enable: there is no such option; did you mean enabled?'],
  ['[log]\nfile = x', '[log] file: there is no such option; known: level'],
  ['[bridges]\nqueue = x', '[bridges]: there is no such section; did you mean [bridge]?'],
  ['[Web-Hook]\ntoken = x', '[web-hook]: there is no such section; did you mean [webhook]?'],
] as const) {
  test(`${JSON.stringify(text)} is refused with the nearest known name`, (t) => {
    t.deepEqual(problemsOf(text), [problem])
  })
}

test('every unknown option of ours is named at once, and no value is repeated', (t) => {
  const problems = problemsOf('[webhook]\ntokn = hunter2\nusr = hunter2\n[lease]\nfoo = hunter2')
  t.is(problems.length, 3)
  t.false(problems.join().includes('hunter2'))
})

test('unknown options and sections of Masakari, its monitors and oslo stay a remark', (t) => {
  const notes = notesOf(`
debug = true
[database]
max_retries = -1
[host]
monitoring_drivers = default
[api]
api_version = 1
[healthcheck]
path = x
[libvirt]
uri = x
[callback]
retry_max = 1
[oslo_messaging_rabbit]
heartbeat_rate = 2
[placement_client]
x = 1
`)
  t.true(notes.some((note) => note.includes('max_retries')))
  t.true(notes.some((note) => note.includes('[healthcheck]')))
})

for (const [text, advice] of [
  ['[ssl]\nprotocols = x', 'remove it'],
  ['[oslo_policy]\nremote_timeout = 5', 'remove it'],
  ['[oslo_policy]\npolicy_dir = x', 'did you mean policy_dirs?'],
  ['[keystone_authtoken]\nsystem_scope = all', 'remove it'],
  ['[keystone_authtoken]\nuser_id = 5', 'remove it'],
  ['[keystone_authtoken]\ntrust_id = 5', 'remove it'],
  ['[keystone_authtoken]\ncafle = x', 'did you mean cafile?'],
  ['[oslo_messaging_rabbit]\nrabbit_login_method = EXTERNAL', 'remove it'],
  ['[oslo_messaging_rabbit]\nssl_enforce_fips_mode = true', 'remove it'],
  ['[healthcheck]\nallowed_source_ranges = 10.0.0.0/8', 'remove it'],
] as const) {
  test(`an option for security is obeyed or refused: ${text.replace('\n', ' ')}`, (t) => {
    const [problem, ...others] = problemsOf(text)
    t.deepEqual(others, [])
    t.true(problem?.endsWith(`concerns security and is not honoured here: ${advice}`), problem)
  })
}

test('an option that requests nothing, or the usual behaviour, causes only a remark', (t) => {
  for (const text of [
    '[oslo_messaging_rabbit]\nrabbit_login_method = AMQPLAIN',
    '[oslo_messaging_rabbit]\nssl_enforce_fips_mode = false',
    '[keystone_authtoken]\ndelay_auth_decision = true\nenforce_token_bind = strict',
    '[oslo_policy]\nenforce_scope = true\nenforce_new_defaults = true\npolicy_default_rule = x',
  ]) {
    t.deepEqual(problemsOf(text), [])
    t.not(notesOf(text).length, 0)
  }
})

test('every option of the sample is known', (t) => {
  const options = renderSample().replaceAll(/^#(\w+ = )/gm, '$1')
  const loaded = readConfig(options, 'file')
  const said = loaded.kind === 'invalid' ? describeProblems(loaded.problems) : ''
  t.false(said.includes('no such option'), said)
})
