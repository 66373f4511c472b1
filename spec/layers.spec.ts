/**
 * Which layer may import which, checked twice: on the files themselves, and by proving that the
 * linter's rules report violations.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import test from 'ava'
import { temporaryDirectory } from './support/process.ts'
import { everySource, importsOf, isAllowed } from './support/sources.ts'

test('every file imports only what its layer may', (t) => {
  const wrong = everySource()
    .flatMap(importsOf)
    .filter((each) => !isAllowed(each))
  t.deepEqual(
    wrong.map(({ from, to }) => `${from} → ${to}`),
    [],
  )
})

interface Attempt {
  readonly path: string
  readonly text: string
}

const importing = (path: string, ...specifiers: readonly string[]): readonly Attempt[] =>
  specifiers.map((specifier) => ({ path, text: `import '${specifier}'\n` }))

const FORBIDDEN: readonly Attempt[] = [
  ...importing('schema/a.ts', 'node:fs', '../actors/a/b.ts', '../ops/a.ts', '../spec/a.ts'),
  ...importing('schema/messages/a.ts', 'node:fs', '../../transports/a/b.ts', '../../gateway/a.ts'),
  ...importing('actors/a/b.ts', 'node:fs', 'nact', 'pino', 'kysely', 'nats', 'fastify'),
  ...importing('actors/a/b.ts', '../../transports/a/b.ts', '../../ops/a.ts', '../../gateway/a.ts'),
  ...importing('actors/kernel/nact-turns.ts', 'node:fs', '../../transports/a/b.ts'),
  ...importing('transports/a/b.ts', 'nact', '../c/d.ts', '../../actors/kernel/ref.ts'),
  ...importing('transports/a/b.ts', '../../gateway/a.ts', '../../ops/a.ts', '../../spec/a.ts'),
  ...importing('transports/a/deep/b.ts', '../../c/d.ts', '../../../gateway/a.ts', 'nact'),
  ...importing('transports/a/deep/b.ts', '../../../actors/kernel/ref.ts'),
  ...importing('gateway/a.ts', 'nact', 'kysely', 'nats', '../transports/a/b.ts', '../ops/a.ts'),
  ...importing('gateway/routes/a.ts', '../../transports/a/b.ts', '../../spec/a.ts'),
  ...importing('ops/a.ts', '../spec/a.ts'),
  ...importing('ops/roles/a.ts', '../../spec/support/a.ts'),
]

const ALLOWED: readonly Attempt[] = [
  ...importing('schema/a.ts', 'typebox', 'kysely', 'fastest-levenshtein', './b.ts'),
  ...importing('actors/a/b.ts', '../../schema/a.ts', '../ports/a.ts', './c.ts'),
  ...importing('actors/kernel/nact-turns.ts', 'nact', '../ports/a.ts'),
  ...importing('transports/nats/b.ts', 'nats', 'node:net', './c.ts', '../../schema/a.ts'),
  ...importing('transports/nats/b.ts', '../../actors/ports/a.ts'),
  ...importing('transports/a/deep/b.ts', '../c.ts', '../../../actors/ports/a.ts'),
  ...importing('gateway/routes/a.ts', 'fastify', 'typebox', '../b.ts', '../../actors/ports/a.ts'),
  ...importing('ops/roles/a.ts', 'node:fs', '../../transports/a/b.ts', '../../actors/a/b.ts'),
  ...importing('spec/a/b.ts', '../../ops/a.ts', 'ava'),
]

/**
 * Only the check of files finds these: the linter sees neither computed paths nor dynamic imports.
 */
const EVASIONS: readonly Attempt[] = [
  { path: 'actors/a/b.ts', text: "const fs = await import('node:fs')" },
  { path: 'actors/a/b.ts', text: 'const fs = await import("node:fs")' },
  { path: 'actors/a/b.ts', text: "export { readFile } from 'node:fs/promises'" },
  { path: 'actors/a/b.ts', text: "const ssh2 = require('ssh2')" },
  { path: 'actors/a/b.ts', text: "import { Client } from 'ssh2'" },
  { path: 'transports/a/deep/b.ts', text: "import '../../c/d.ts'" },
  { path: 'transports/a/b.ts', text: "import '../../transports/c/d.ts'" },
  { path: 'transports/nats/b.ts', text: "import 'mysql2'" },
  { path: 'gateway/a.ts', text: "import '../actors/segment/segment.ts'" },
  { path: 'ops/a.ts', text: "import 'nact'" },
]

test('the check of files refuses a forbidden import, however it is written', (t) => {
  const passed = [...FORBIDDEN, ...EVASIONS].filter(
    (attempt) => importsOf(attempt).length === 0 || importsOf(attempt).every(isAllowed),
  )
  t.deepEqual(passed, [])
})

test('the check of files accepts allowed imports', (t) => {
  t.deepEqual(
    ALLOWED.flatMap(importsOf).filter((each) => !isAllowed(each)),
    [],
  )
})

const GLOBALS: readonly Attempt[] = [
  'Date.now()',
  'process.pid',
  'setTimeout(f, 1)',
  'performance.now()',
  'fetch(f)',
].map((use) => ({ path: 'actors/a/b.ts', text: `export const f = ${use}\n` }))

const hasFreeName = ({ path }: Attempt): boolean => path !== 'actors/kernel/nact-turns.ts'

/** Writes each attempt to its own file in the same folder, and returns the names. */
async function writeAll(
  root: string,
  mark: string,
  attempts: readonly Attempt[],
): Promise<readonly string[]> {
  const names: string[] = []
  for (const [index, { path, text }] of attempts.entries()) {
    const name = path.replace('.ts', `-${mark}-${index}.ts`)
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
    names.push(name)
  }
  return names
}

test("the linter's layer rules report each forbidden import and global, and nothing else", async (t) => {
  await using directory = await temporaryDirectory('layers')
  const config: { options: Record<string, unknown> } = JSON.parse(
    await readFile('.oxlintrc.json', 'utf8'),
  )
  config.options['typeAware'] = false // types need the whole project, and these rules do not
  await writeFile(join(directory.path, '.oxlintrc.json'), JSON.stringify(config))
  const forbidden = await writeAll(directory.path, 'forbidden', [...FORBIDDEN, ...GLOBALS])
  await writeAll(directory.path, 'allowed', ALLOWED.filter(hasFreeName))
  // The one file that may import nact keeps its name.
  await writeFile(join(directory.path, 'actors/kernel/nact-turns.ts'), "import 'nact'\n")
  const lint = spawnSync(resolve('node_modules/.bin/oxlint'), ['--format', 'unix'], {
    cwd: directory.path,
    encoding: 'utf8',
  })
  const complained = new Set(
    lint.stdout
      .split('\n')
      .filter((line) => line.includes('no-restricted-'))
      .map((line) => (line.split(':')[0] ?? '').replace(/^\.\//, '')),
  )
  t.deepEqual([...complained].toSorted(), forbidden.toSorted(), lint.stdout + lint.stderr)
})
