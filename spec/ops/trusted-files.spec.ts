/** Files that others can read or change are refused by name, of every kind and in every place. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import test from 'ava'
import { describeProblems, loadConfig, readConfig } from '../../ops/load-config.ts'
import { problemsOf, refuseUntrusted, trustedPaths } from '../../ops/trusted-files.ts'
import type { FileUse } from '../../schema/file-trust.ts'
import { engineConfig } from '../support/config-text.ts'
import { temporaryDirectory } from '../support/process.ts'

async function made(path: string, mode: number): Promise<void> {
  await writeFile(path, 'x')
  await chmod(path, mode)
}

const REFUSED: Readonly<Record<FileUse, readonly number[]>> = {
  private: [0o640, 0o604, 0o620, 0o602, 0o610, 0o666],
  secret: [0o604, 0o620, 0o602, 0o601, 0o666],
  trusted: [0o620, 0o602, 0o664, 0o666],
  directory: [0o770, 0o707, 0o777, 0o1777, 0o2775],
}
const ACCEPTED: Readonly<Record<FileUse, readonly number[]>> = {
  private: [0o600, 0o400],
  secret: [0o600, 0o400, 0o640],
  trusted: [0o600, 0o640, 0o644, 0o755],
  directory: [0o700, 0o750, 0o755],
}

for (const use of ['private', 'secret', 'trusted', 'directory'] as const) {
  test(`permissions of a file that is ${use} are distinguished`, async (t) => {
    await using directory = await temporaryDirectory('trust')
    const path = join(directory.path, 'it')
    if (use === 'directory') await mkdir(path)
    else await writeFile(path, 'x')
    for (const mode of REFUSED[use]) {
      await chmod(path, mode)
      const problems = problemsOf({ what: 'the thing', path, use })
      t.regex(problems.join(), /^the thing .*it cannot be used: .*chmod \S+ it$/, mode.toString(8))
    }
    for (const mode of ACCEPTED[use]) {
      await chmod(path, mode)
      t.deepEqual(problemsOf({ what: 'the thing', path, use }), [], mode.toString(8))
    }
  })
}

test('directory on the path that others can change is refused by name; with the sticky bit it is accepted', async (t) => {
  await using directory = await temporaryDirectory('trust')
  const [outer, inner] = [join(directory.path, 'outer'), join(directory.path, 'outer', 'inner')]
  await mkdir(inner, { recursive: true })
  const path = join(inner, 'file')
  await made(path, 0o600)
  const problems = () => problemsOf({ what: 'the key file', path, use: 'secret' }).join()
  t.is(problems(), '')
  for (const mode of [0o777, 0o775, 0o773]) {
    await chmod(outer, mode)
    t.true(problems().includes(`its directory ${outer}:`), mode.toString(8))
  }
  await chmod(outer, 0o1777)
  t.is(problems(), '')
  const absent = join(inner, 'later', 'file')
  await chmod(outer, 0o777)
  t.regex(problemsOf({ what: 'it', path: absent, use: 'secret' }).join(), /outer/)
})

test('link is judged by its place and by its target', async (t) => {
  await using directory = await temporaryDirectory('trust')
  const [here, there] = [join(directory.path, 'here'), join(directory.path, 'there')]
  await mkdir(here)
  await mkdir(there)
  await made(join(there, 'file'), 0o600)
  const path = join(here, 'link')
  await symlink(join(there, 'file'), path)
  const problems = () => problemsOf({ what: 'it', path, use: 'trusted' }).join()
  t.is(problems(), '')
  await chmod(there, 0o777)
  t.regex(problems(), /there: every user/)
  await chmod(there, 0o755)
  await chmod(here, 0o777)
  t.regex(problems(), /here: every user/)
  await chmod(here, 0o755)
  await chmod(join(there, 'file'), 0o666)
  t.regex(problems(), /link cannot be used/)
})

test('every file that a process trusts is checked, and all problems are reported at once', async (t) => {
  await using directory = await temporaryDirectory('trust')
  const state = join(directory.path, 'state')
  await mkdir(state)
  const policy = join(directory.path, 'policy.yaml')
  await made(policy, 0o644)
  const loaded = readConfig(
    engineConfig(state) + `[oslo_policy]\npolicy_file = ${policy}\n`,
    'file',
  )
  if (loaded.kind !== 'ok') return t.fail(describeProblems(loaded.problems))
  const paths = trustedPaths(loaded.config)
  t.notThrows(() => refuseUntrusted(paths), 'nothing is wrong yet')
  const files = ['id_ed25519', 'known_host_keys', 'credentials.key', 'store.db']
  for (const file of files) await made(join(state, file), 0o666)
  await made(policy, 0o666)
  await chmod(state, 0o770)
  const error = t.throws(() => refuseUntrusted(paths), { code: 'CONFIG_INVALID' })
  for (const name of [...files, 'policy.yaml', 'state directory']) {
    t.true(error.message.includes(name), name)
  }
})

test('configuration file that others can write is refused, and so is one in such a directory', async (t) => {
  await using directory = await temporaryDirectory('trust')
  const path = join(directory.path, 'etc', 'instance-ha.conf')
  await mkdir(dirname(path))
  await writeFile(path, engineConfig(directory.path))
  await chmod(path, 0o640)
  t.is(loadConfig(path).kind, 'ok')
  for (const [file, folder, expected] of [
    [0o660, 0o755, /instance-ha\.conf cannot be used: its group can change it: chmod g-w it/],
    [0o602, 0o755, /every user of this machine can change it: chmod o-w it/],
    [0o640, 0o777, /its directory .*etc: every user/],
  ] as const) {
    await chmod(path, file)
    await chmod(dirname(path), folder)
    const loaded = loadConfig(path)
    t.true(loaded.kind === 'invalid' && expected.test(describeProblems(loaded.problems)))
  }
})
