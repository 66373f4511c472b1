/** What the command answers about itself, and what it says about a slip of the fingers. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { readCommandLine } from '../../../ops/command-line/program.ts'
import { VERB_GROUPS } from '../../../ops/command-line/verbs.ts'
import { runProduct } from '../../support/product.ts'

const VERBS = Object.entries(Object.assign({}, ...VERB_GROUPS.map(({ verbs }) => verbs))) as [
  string,
  (typeof VERB_GROUPS)[number]['verbs'][string],
][]

/** What a request writes while it is read. */
async function reading(...words: readonly string[]) {
  let out = ''
  let err = ''
  const { stdout, stderr } = process
  const kept = { out: stdout.write.bind(stdout), err: stderr.write.bind(stderr) }
  stdout.write = (text: string | Uint8Array) => ((out += String(text)), true)
  stderr.write = (text: string | Uint8Array) => ((err += String(text)), true)
  try {
    return { request: await readCommandLine(words), out: () => out, err: () => err }
  } finally {
    stdout.write = kept.out
    stderr.write = kept.err
  }
}

test.serial('the help of the whole names every verb', async (t) => {
  const { request, out } = await reading('--help')
  t.deepEqual(request, { kind: 'answered', status: 0 })
  for (const [words] of VERBS) {
    const [first = '', second = ''] = words.split(' ')
    t.regex(out(), new RegExp(`^  ${first} .*${second}`, 'm'), words)
  }
})

test.serial(
  'the help of each verb says what, which options, an example and the exit statuses',
  async (t) => {
    for (const [words, { options, examples }] of VERBS) {
      const { request, out } = await reading(...words.split(' '), '--help')
      t.deepEqual(request, { kind: 'answered', status: 0 }, words)
      for (const option of Object.keys(options)) t.true(out().includes(`--${option}`), words)
      t.regex(out(), /^Examples?:\n {2}instance-ha /m, words)
      t.regex(out(), /^Exit status:\n {2}0 {2}\S/m, words)
      for (const example of examples) t.true(example.startsWith(words), example)
    }
  },
)

test.serial('every example can be read by the command itself', async (t) => {
  for (const [words, { examples }] of VERBS) {
    for (const example of examples) {
      const [line = ''] = example.split(/ [>|] /)
      const parts = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
      const { request, err } = await reading(...parts.map(([, a, b, c]) => a ?? b ?? c ?? ''))
      t.is(request.kind, 'verb', `${words}: ${example}: ${err()}`)
    }
  }
})

for (const [words, says] of [
  [['run', '--confg', 'x'], /^instance-ha run: .*'--confg'; did you mean --config\? /],
  [['polcy'], /^instance-ha: .*'polcy'; did you mean policy\? /],
  [['db-purge'], /--config FILE is missing/],
  [['db-purge', '--config'], /--config needs a value: --config FILE/],
  [
    ['db-purge', '--config', 'x', '--age-in-days', '0'],
    /'0' cannot be used: it takes a whole number from 1/,
  ],
  [['completion', 'fish'], /SHELL 'fish' cannot be used: it is one of bash, zsh/],
  [['print-sample', 'x'], /it takes 0 arguments, and these are 1: x /],
  [['\u001B[2J'], /\\u\{1b\}\[2J/],
] as const) {
  test.serial(
    `${JSON.stringify(words)} is answered in one sentence, and nothing is begun`,
    async (t) => {
      const { request, out, err } = await reading(...words)
      t.deepEqual(request, { kind: 'answered', status: 2 })
      t.is(out(), '')
      t.regex(err(), says)
      t.regex(err(), /^[^\n]+ \(see instance-ha.* --help\)\n$/)
    },
  )
}

test('the version is that of the package', async (t) => {
  const { version } = Object(JSON.parse(readFileSync('package.json', 'utf8')))
  t.like(await runProduct('--version'), { status: 0, stdout: `instance-ha ${version}\n` })
})
