/** What operators write into a host's control attributes for fence agents. */
import test from 'ava'
import { parseControlAttributes } from '../../schema/control-attributes.ts'

const parse = (fence: unknown) => parseControlAttributes(JSON.stringify({ fence }))

test('options of fence agents are read as texts, and none of them is printed', (t) => {
  const { agents, problems } = parse({
    fence_apc: { ip: '10.0.0.1', plug: 7, ssl: true, password: 'secret' },
    fence_dummy: {},
  })
  t.deepEqual(problems, [])
  t.deepEqual([...agents.keys()], ['fence_apc', 'fence_dummy'])
  const options = [...(agents.get('fence_apc') ?? [])]
  t.deepEqual(
    options.map(([key, value]) => `${key}=${value.reveal()}`),
    ['ip=10.0.0.1', 'plug=7', 'ssl=true', 'password=secret'],
  )
  t.false(JSON.stringify(options).includes('secret'))
})

for (const [title, fence] of Object.entries({
  'an option with a line break': { fence_apc: { ip: '1\naction=on' } },
  'an option whose name holds an equals sign': { fence_apc: { 'action=on\nx': '1' } },
  'an option that is a list': { fence_apc: { ip: ['1'] } },
  'an option that is nothing': { fence_apc: { ip: null } },
  'an agent that is a text': { fence_apc: 'ip=1' },
  'agents that are a list': [],
})) {
  test(`${title} is reported as a problem`, (t) => {
    const { problems } = parse(fence)
    t.is(problems.length, 1)
    t.regex(problems[0] ?? '', /^fence/)
  })
}
