/**
 * Broken programs, each in a way that was seen in the field. None of them may read a host as off.
 */
import test from 'ava'
import { Secret } from '../../../schema/control-attributes.ts'
import type { ErrorCode } from '../../../schema/errors.ts'
import { fenceProgram, fenceScripts } from '../../support/fence-scripts.ts'

interface Broken {
  readonly what: string
  readonly script: string
  readonly code?: ErrorCode
  /** The words of the program that the error must repeat. */
  readonly says?: RegExp
  readonly timeoutMs?: number
}

const PYTHON = '#!/usr/bin/env python3\n'

const BROKEN: readonly Broken[] = [
  {
    what: 'a script that lacks its last fi',
    script: 'if true; then\n  echo fine',
    says: /ended with 2; it said: .*(?:end of file|fi)/,
  },
  {
    what: 'a script that says off before its syntax error',
    script: 'echo "Status: OFF"\nif true; then\n  exit 0',
    says: /ended with 2; it said: .*(?:end of file|fi)/,
  },
  { what: 'a script with a wrong redirection', script: 'cat < ;', says: /[Ss]yntax error/ },
  {
    what: 'a script that runs another one that is missing',
    script: 'exec sh ./not-there.sh',
    says: /not-there/,
  },
  {
    what: 'a script for an interpreter that is missing',
    script: '#!/opt/no/such/python\nprint("Status: OFF")\n',
  },
  {
    what: 'python without its file',
    script: 'exec python3 ./not-there.py',
    says: /ended with 2; it said: .*not-there\.py/,
  },
  {
    what: 'a program that argparse refuses',
    script: `${PYTHON}import argparse\nargparse.ArgumentParser().parse_args(["--plug", "3"])\n`,
    says: /ended with 2; it said: .*unrecognized arguments: --plug 3/,
  },
  { what: 'a script that ends with grep', script: 'grep off ./not-there', says: /not-there/ },
  { what: 'a script that ends with ls', script: 'ls ./not-there', says: /not-there/ },
  { what: 'a program that prints nothing and ends with 2', script: 'exit 2', says: /with 2/ },
  { what: 'a program that prints nothing and ends with 0', script: 'exit 0', says: /with 0/ },
  { what: 'a program that says off and ends with 0', script: 'echo "Status: OFF"' },
  { what: 'a program that says off and ends with 1', script: 'echo "Status: OFF"; exit 1' },
  { what: 'a program that says on and ends with 2', script: 'echo "Status: ON"; exit 2' },
  {
    what: 'a program that says off and dies of an exception',
    script: `${PYTHON}print("Status: OFF", flush=True)\nopen("/no/such/file")\n`,
    says: /No such file/,
  },
  {
    what: 'a program that says off and shows an exception, whatever its status',
    script: `${PYTHON}import os, sys, traceback\nprint("Status: OFF", flush=True)\ntry:\n  1 / 0\nexcept ZeroDivisionError:\n  traceback.print_exc()\nsys.stderr.flush()\nos._exit(2)\n`,
    says: /ZeroDivisionError/,
  },
  {
    what: 'a program that says both',
    script: 'echo "Status: ON"; echo "Status: OFF"; exit 2',
    says: /both/,
  },
  {
    what: 'a program that says off and complains of being on',
    script: 'echo "Status: ON" >&2; echo "Status: OFF"; exit 2',
    says: /both/,
  },
  {
    what: 'a program that says off on its standard error only',
    script: 'echo "Status: OFF" >&2; exit 2',
  },
  { what: 'a program that mentions off', script: 'echo "it is off"; exit 2', says: /it is off/ },
  {
    what: 'a program that says off within a sentence',
    script: 'echo "last Status: OFF was yesterday"; exit 2',
  },
  { what: 'a program that begins to say off', script: 'printf "Status: OF"; exit 2' },
  { what: 'a program that takes status for off', script: 'echo "Success: Already OFF"; exit 2' },
  {
    what: 'a program that prints 100 MB',
    script: 'echo "Status: OFF"; head -c 100000000 /dev/zero | tr "\\0" x; exit 2',
    says: /more than/,
  },
  {
    what: 'a program that prints 100 MB of complaints',
    script: 'head -c 100000000 /dev/zero | tr "\\0" x >&2; echo "Status: OFF"; exit 2',
    says: /more than/,
  },
  {
    what: 'a program that hangs after its answer',
    script: 'echo "Status: OFF"; exec sleep 600',
    code: 'POWER_UNREACHABLE',
    timeoutMs: 1500,
  },
  {
    what: 'a program that ignores SIGTERM',
    script: 'trap "" TERM INT HUP; echo "Status: OFF"; while :; do sleep 600; done',
    code: 'POWER_UNREACHABLE',
    timeoutMs: 1500,
  },
  {
    what: 'a program that dies of a signal',
    script: 'echo "Status: OFF"; kill -9 $$',
    says: /ended with/,
  },
]

for (const { what, script, code = 'POWER_COMMAND_FAILED', says, timeoutMs = 20_000 } of BROKEN) {
  for (const kind of ['agent', 'command'] as const) {
    test(`${what} proves nothing about a host: ${kind}`, async (t) => {
      await using world = await fenceScripts({ broken: script })
      const program = fenceProgram('broken', { kind, timeoutMs })
      const error = await t.throwsAsync(world.port.read(program), { code })
      t.true(error.message.length < 600, error.message)
      if (says !== undefined) t.regex(error.message, says)
    })
  }
}

test('the answer of a program that closes its input at once is accepted', async (t) => {
  await using world = await fenceScripts({
    deaf: 'exec 0<&-; echo "Status: ON"; exit 0',
    mute: 'exec 0<&-; exit 2',
  })
  const options = new Map(
    Array.from({ length: 60 }, (_, at) => [`comment_${at}`, new Secret('x'.repeat(1000))]),
  )
  t.is(await world.port.read(fenceProgram('deaf', { options })), 'on')
  await t.throwsAsync(world.port.read(fenceProgram('mute', { options })), {
    code: 'POWER_COMMAND_FAILED',
  })
})

test('an order of a broken program counts as not carried out, whatever it prints', async (t) => {
  await using world = await fenceScripts({
    unclosed: 'if true; then\n  echo "Success: Powered OFF"',
    thrown: `${PYTHON}print("Success: Powered OFF", flush=True)\nopen("/no/such/file")\n`,
    hidden: 'echo "Success: Powered OFF"; echo "Traceback (most recent call last):" >&2; exit 0',
  })
  for (const name of ['unclosed', 'thrown', 'hidden']) {
    await t.throwsAsync(world.port.off(fenceProgram(name)), { code: 'POWER_COMMAND_FAILED' }, name)
  }
})
