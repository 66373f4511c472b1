/** The package: one archive of built files, the same from the same sources, that runs beside its production dependencies. */
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { freePort, startServer, temporaryDirectory } from '../../support/process.ts'

const run = promisify(execFile)
const SOURCES = ['actors', 'gateway', 'ops', 'schema', 'transports', 'package.json']
const MORE = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'README.md']
const REST = ['CHANGELOG.md', 'LICENSE', '.npmrc']

/** Packs a copy of the sources, and returns the path of the archive. */
async function pack(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true })
  for (const name of [...SOURCES, ...MORE, ...REST]) {
    await cp(name, join(directory, name), { recursive: true, preserveTimestamps: true })
  }
  await symlink(resolve('node_modules'), join(directory, 'node_modules'))
  const { stdout } = await run('npm', ['pack', '--silent'], { cwd: directory })
  return join(directory, stdout.trim().split('\n').at(-1) ?? '')
}

/** Installs the archive as npm does: in node_modules, beside the production dependencies of the lock file. */
async function install(archive: string, site: string): Promise<string> {
  const modules = join(site, 'node_modules')
  const target = join(modules, 'instance-ha')
  await mkdir(target, { recursive: true })
  await run('tar', ['-xzf', archive, '-C', target, '--strip-components=1'])
  const lock: unknown = JSON.parse(await readFile('package-lock.json', 'utf8'))
  const packages: Readonly<Record<string, unknown>> = Object(Object(lock).packages)
  for (const [path, { dev }] of Object.entries(packages).map(
    ([key, at]) => [key, Object(at)] as const,
  )) {
    if (dev === true || !/^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path)) continue
    await mkdir(dirname(join(site, path)), { recursive: true })
    await symlink(resolve(path), join(site, path))
  }
  await mkdir(join(modules, '.bin'))
  await symlink(process.execPath, join(modules, '.bin', 'node'))
  const command = join(modules, '.bin', 'instance-ha')
  await symlink('../instance-ha/ops/bin/instance-ha', command)
  return command
}

test('two packs are byte-equal, and the command of an installed one runs', async (t) => {
  t.timeout(600_000)
  await using directory = await temporaryDirectory('package')
  const archive = await pack(join(directory.path, 'one'))
  const again = await pack(join(directory.path, 'another-place'))
  t.true((await readFile(archive)).equals(await readFile(again)))

  const { stdout: listed } = await run('tar', ['-tzf', archive])
  t.regex(listed, /^package\/dist\/ops\/cli\.js$/m)
  t.regex(listed, /^package\/dist\/ops\/cli\.js\.map$/m)
  t.notRegex(listed, /\.ts$|\/spec\/|node_modules/m)

  const command = await install(archive, join(directory.path, 'site'))
  const { version } = Object(JSON.parse(await readFile('package.json', 'utf8')))
  t.is((await run(command, ['--version'])).stdout, `instance-ha ${version}\n`)
  t.regex((await run(command, ['--help'])).stdout, /^Usage: instance-ha /)
  t.regex((await run(command, ['simulate', '--seeds', '1'])).stdout, /promises broken {4}none/)
  const port = await freePort()
  await using demo = await startServer({
    command,
    args: ['run', '--port', String(port)],
    ready: /health\/supervisors/,
  })
  const answer = await fetch(`http://127.0.0.1:${port}/v1/segments`)
  t.is(answer.status, 200)
  t.is(demo.exitStatus(), null)
})

test('the command of the checkout runs through any symbolic link', async (t) => {
  await using directory = await temporaryDirectory('link')
  const command = join(directory.path, 'instance-ha')
  await symlink(resolve('ops/bin/instance-ha'), command)
  const { stdout } = await run(command, ['--version'], { cwd: directory.path })
  t.regex(stdout, /^instance-ha \d/)
})

test('a copy without packages, and a machine without Node 24, are told what to do', async (t) => {
  await using directory = await temporaryDirectory('bare')
  const bin = join(directory.path, 'ops', 'bin', 'instance-ha')
  await cp('ops/bin/instance-ha', bin)
  const fails = async (PATH: string): Promise<string> => {
    const ended = run(bin, ['--version'], { env: { PATH } })
    return Object(await t.throwsAsync(ended)).stderr
  }
  await mkdir(join(directory.path, 'none'))
  await symlink('/usr/bin/readlink', join(directory.path, 'none', 'readlink'))
  t.regex(
    await fails(join(directory.path, 'none')),
    /^instance-ha: Node 24 or later is needed, found none/,
  )
  await cp('ops/cli.ts', join(directory.path, 'ops', 'cli.ts'))
  t.regex(
    await fails('/usr/bin:/bin'),
    /^instance-ha: its packages are not installed: sh .*bootstrap\.sh/,
  )
})
