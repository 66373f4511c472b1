/** The one command of continuous integration: its last line and its status. */
import { spawnSync } from 'node:child_process'
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import test from 'ava'
import { temporaryDirectory } from '../support/process.ts'

interface Stubs {
  readonly bootstrap?: string
  readonly check?: string
  readonly tests?: string
}

/** Runs `.ci/run` with stand-ins for what it calls; a stand-in is a line of shell. */
async function run({ bootstrap = ':', check = ':', tests = ':' }: Stubs): Promise<{
  readonly status: number | null
  readonly last: string | undefined
}> {
  await using directory = await temporaryDirectory('ci')
  const at = (name: string): string => join(directory.path, name)
  await mkdir(at('ops'))
  await mkdir(at('bin'))
  await cp('.ci/run', at('.ci/run'))
  await writeFile(at('ops/bootstrap.sh'), bootstrap)
  await writeFile(
    at('bin/npm'),
    `#!/bin/sh\ncase "$1" in run) ${check} ;; test) ${tests} ;; esac\n`,
  )
  await chmod(at('bin/npm'), 0o755)
  const env = { ...process.env, PATH: at('bin') + delimiter + (process.env['PATH'] ?? '') }
  const { status, stdout } = spawnSync(at('.ci/run'), { env, encoding: 'utf8' })
  return { status, last: stdout.trimEnd().split('\n').at(-1) }
}

const TWO = "printf 'TAP version 13\\nok 1 - a\\n    ok 1 - not counted\\nok 2 - b\\n1..2\\n'"

for (const { what, stubs, status, last } of [
  { what: 'everything passes', stubs: { tests: TWO }, status: 0, last: '2 passed, 0 failed' },
  {
    what: 'a test fails',
    stubs: { tests: "printf 'ok 1 - a\\nnot ok 2 - b\\n'; exit 1" },
    status: 1,
    last: '1 passed, 1 failed',
  },
  {
    what: 'the checks fail',
    stubs: { check: 'exit 1', tests: TWO },
    status: 1,
    last: '2 passed, 1 failed',
  },
  {
    what: 'the run breaks without naming a test',
    stubs: { tests: `${TWO}; exit 1` },
    status: 1,
    last: '2 passed, 1 failed',
  },
  { what: 'no test runs at all', stubs: {}, status: 1, last: '0 passed, 1 failed' },
  {
    what: 'the machine cannot be prepared',
    stubs: { bootstrap: 'exit 1', tests: TWO },
    status: 1,
    last: '0 passed, 1 failed',
  },
]) {
  test(`when ${what}, the last line is "${last}"`, async (t) => {
    t.deepEqual(await run(stubs), { status, last })
  })
}
