/** The file of failure domains is read at start, and refused by line; another user must not be able to change it. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { loadFailureDomains } from '../../ops/failure-domains.ts'
import { readConfig } from '../../ops/load-config.ts'
import { refuseUntrusted, trustedPaths } from '../../ops/trusted-files.ts'
import { temporaryDirectory } from '../support/process.ts'

async function withFile(text: string) {
  const directory = await temporaryDirectory('domains')
  const file = join(directory.path, 'domains')
  await writeFile(file, text, { mode: 0o600 })
  const loaded = readConfig(`[host_failure]\nfailure_domains_file = ${file}`, 'embedded')
  if (loaded.kind === 'invalid') throw new Error('the option is not read')
  return {
    ...loaded,
    file,
    directory,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

test('a file names domains, and no file names none', async (t) => {
  await using given = await withFile('compute-1 = rack:1, feed:a\n')
  t.deepEqual([...loadFailureDomains(given.config)], [['compute-1', ['rack:1', 'feed:a']]])
  const none = readConfig('', 'embedded')
  t.is(none.kind === 'ok' && loadFailureDomains(none.config).size, 0)
})

test('the start is refused with every wrong line and field', async (t) => {
  await using given = await withFile('compute-1 = rack 1\ncompute-2\n')
  const error = t.throws(() => loadFailureDomains(given.config), { code: 'CONFIG_INVALID' })
  t.regex(
    error?.message ?? '',
    /domains line 1, failure domains: number 1 is no name .*; .* line 2: must be a host/,
  )
})

test('text that is not UTF-8, and a file that is far too large, are refused', async (t) => {
  await using given = await withFile('')
  await writeFile(given.file, Buffer.from([0xff, 0xfe, 0x00]))
  t.throws(() => loadFailureDomains(given.config), { message: /cannot read/ })
  await writeFile(given.file, 'x'.repeat(2_000_001))
  t.throws(() => loadFailureDomains(given.config), { message: /larger than 2000000 bytes/ })
})

test('a file that others can change is not used', async (t) => {
  await using given = await withFile('compute-1 = rack:1\n')
  await chmod(given.file, 0o666)
  const paths = trustedPaths(given.config).filter(({ path }) => path === given.file)
  t.throws(() => refuseUntrusted(paths), {
    message: /the file of failure domains .* every user of this machine can change it/,
  })
})
