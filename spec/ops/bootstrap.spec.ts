/**
 * The scripts that make a fresh checkout runnable, run with stand-ins for npm, node and apt-get on
 * PATH.
 */
import { spawnSync } from 'node:child_process'
import { chmod, cp, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import test from 'ava'
import { temporaryDirectory } from '../support/process.ts'

/** The programs that the scripts themselves call. Everything else is a stand-in or missing. */
const TOOLS = [
  'sh',
  'dirname',
  'tr',
  'grep',
  'paste',
  'find',
  'touch',
  'uname',
  'id',
  'mkdir',
  'ln',
]
const SERVERS = [
  'nats-server',
  'mariadbd',
  'rabbitmq-server',
  'ipmitool',
  'ipmi_sim',
  'fence_ipmilan',
  'sshd',
  'libvirtd',
  'virsh',
  'qemu-system-x86_64',
  'chromium',
  'promtool',
  'zsh',
  'systemd-notify',
]
/** Where the nats-server for clusters is kept. */
const CLUSTER_SERVER = 'node_modules/.cache/nats-server'
const COMPILER = ['python3', 'make', 'g++']

interface Machine extends AsyncDisposable {
  /** A program that only prints, or runs these lines of shell. */
  provide(name: string, script?: string): Promise<void>
  run(...args: readonly string[]): { readonly status: number | null; readonly output: string }
  /** The arguments of all calls of the stand-ins, one call in each line. */
  calls(): Promise<string>
  readonly path: string
}

/** A checkout without packages, on a machine with only a shell. */
async function bareMachine(script = 'bootstrap.sh'): Promise<Machine> {
  const directory = await temporaryDirectory('bootstrap')
  const bin = join(directory.path, 'bin')
  const calls = join(directory.path, 'calls')
  await mkdir(bin)
  await cp('ops/bootstrap.sh', join(directory.path, 'ops/bootstrap.sh'))
  for (const name of ['install-servers.sh', 'fetch-nats-server.sh']) {
    await cp(join('ops', name), join(directory.path, 'ops', name))
  }
  await writeFile(join(directory.path, 'package-lock.json'), '{}')
  await writeFile(calls, '')
  for (const tool of TOOLS) {
    const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim()
    await symlink(resolve(found), join(bin, tool))
  }
  return {
    path: directory.path,
    async provide(name, body = ':') {
      await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${calls}'\n${body}\n`)
      await chmod(join(bin, name), 0o755)
    },
    run(...args) {
      const env = { PATH: `${directory.path}/node_modules/.bin:${bin}` }
      const { status, stdout, stderr } = spawnSync(
        join(bin, 'sh'),
        [join('ops', script), ...args],
        { cwd: directory.path, env, encoding: 'utf8' },
      )
      return { status, output: stdout + stderr }
    },
    calls: () => readFile(calls, 'utf8'),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

/** What `npm ci` leaves behind, with node-pty when it could be compiled. */
const npmCi = (
  packages = 'node_modules/.bin node_modules/node-pty',
  version = 'v24.21.0',
): string => `
mkdir -p ${packages}
printf '#!/bin/sh\\necho ${version}\\n' > node_modules/.bin/node
chmod +x node_modules/.bin/node
echo '{}' > node_modules/.package-lock.json`

async function machineWithNpm(script = npmCi()): Promise<Machine> {
  const machine = await bareMachine()
  await machine.provide('npm', script)
  await symlink('/bin/chmod', join(machine.path, 'bin/chmod'))
  return machine
}

test('a fresh checkout gets its packages, with one line about it', async (t) => {
  await using machine = await machineWithNpm()
  const { status, output } = machine.run()
  t.is(status, 0, output)
  t.is(output, 'instance-ha: installing packages …\n')
  t.regex(await machine.calls(), /^npm ci .*--no-audit/)
})

test('existing packages are not touched, without output', async (t) => {
  await using machine = await machineWithNpm()
  machine.run()
  const { status, output } = machine.run()
  t.is(status, 0)
  t.is(output, '')
  t.is((await machine.calls()).split('npm ci').length - 1, 1)
})

test('packages are installed again when the lock file is newer', async (t) => {
  await using machine = await machineWithNpm()
  machine.run()
  const future = new Date(Date.now() + 60_000)
  await utimes(join(machine.path, 'package-lock.json'), future, future)
  machine.run()
  t.is((await machine.calls()).split('npm ci').length - 1, 2)
})

test('a folder of packages that another checkout shares is not emptied', async (t) => {
  await using machine = await machineWithNpm()
  await symlink(join(machine.path, 'shared'), join(machine.path, 'node_modules'))
  const { status, output } = machine.run()
  t.is(status, 1)
  t.regex(output, /node_modules is a symbolic link: remove it/)
  t.is(await machine.calls(), '')
})

test('npm never runs on the Node in the folder that it replaces', async (t) => {
  await using machine = await machineWithNpm(`${npmCi()}\necho "PATH $PATH" >>calls`)
  machine.run()
  t.regex(await machine.calls(), /^PATH /m)
  t.notRegex(await machine.calls(), /^PATH .*node_modules/m)
})

test('errors of npm are shown, and end the start', async (t) => {
  await using machine = await machineWithNpm('echo "npm error network" >&2; exit 1')
  const { status, output } = machine.run()
  t.is(status, 1)
  t.regex(output, /npm error network/)
  t.regex(output, /npm ci failed/)
})

test('an interrupted installation is repeated', async (t) => {
  await using machine = await machineWithNpm()
  machine.run()
  await rm(join(machine.path, 'node_modules/.package-lock.json'))
  t.regex(machine.run().output, /installing packages/)
})

test('on a machine without npm, the output names what to install', async (t) => {
  await using machine = await bareMachine()
  const { status, output } = machine.run()
  t.is(status, 1)
  t.regex(output, /npm is missing: install Node 20 or later/)
})

test('a Node that is not version 24 is refused', async (t) => {
  await using machine = await machineWithNpm(npmCi(undefined, 'v20.20.2'))
  const { status, output } = machine.run()
  t.is(status, 1)
  t.regex(output, /Node 24 is needed, found v20\.20\.2/)
})

test('without a compiler the rest works, and the missing function is named once', async (t) => {
  await using machine = await machineWithNpm(npmCi('node_modules/.bin'))
  const { status, output } = machine.run()
  t.is(status, 0)
  t.regex(output, /node-pty could not be built, .* IPMI; install python3, make and g\+\+/)
  t.is(machine.run().output, '')
})

test('with --servers the packages are completed when a compiler is installed', async (t) => {
  await using machine = await machineWithNpm(npmCi('node_modules/.bin'))
  machine.run()
  for (const name of [...SERVERS, ...COMPILER, 'ssh-keygen', 'openstack'])
    await machine.provide(name)
  await machine.provide('npm', npmCi())
  await mkdir(join(machine.path, CLUSTER_SERVER), { recursive: true })
  await cp('/bin/true', join(machine.path, CLUSTER_SERVER, 'nats-server'))
  const { status, output } = machine.run('--servers')
  t.is(status, 0, output)
  t.is(output, 'instance-ha: installing packages …\n')
  t.is(machine.run('--servers').output, '')
})

test('an unknown argument is refused', async (t) => {
  await using machine = await machineWithNpm()
  t.is(machine.run('--server').status, 2)
})

/**
 * The servers of this machine are in /usr/sbin, which the script also searches. Makes it search
 * elsewhere.
 */
async function bareServerMachine(): Promise<Machine> {
  const machine = await bareMachine('install-servers.sh')
  const script = join(machine.path, 'ops/install-servers.sh')
  const text = await readFile(script, 'utf8')
  await writeFile(
    script,
    text
      .replace('PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin', '')
      .replace('POLICY=/usr/sbin/policy-rc.d', `POLICY=${machine.path}/policy-rc.d`)
      .replaceAll('/usr/lib/python3/dist-packages', join(machine.path, 'python'))
      .replace('/usr/bin/masakari-wsgi', join(machine.path, 'python/masakari-wsgi')),
  )
  for (const name of ['masakariclient', 'openstack', 'masakari-wsgi', 'pymysql']) {
    await mkdir(join(machine.path, 'python', name), { recursive: true })
  }
  for (const tool of ['env', 'tee', 'chmod', 'rm']) {
    await symlink(join('/usr/bin', tool), join(machine.path, 'bin', tool))
  }
  for (const name of [...SERVERS, ...COMPILER, 'ssh-keygen', 'openstack'])
    await machine.provide(name)
  return machine
}

/** An apt-get that installs the program, and shows whether services were forbidden meanwhile. */
const aptGet = (program: string): string => `
case "$*" in *install*) ;; *) exit 0 ;; esac
[ -x policy-rc.d ] && echo 'services are forbidden' >>calls
printf '#!/bin/sh\\n' >bin/${program}
chmod +x bin/${program}`

test('nothing is requested of the system when every server is installed', async (t) => {
  await using machine = await bareServerMachine()
  await machine.provide('apt-get')
  t.deepEqual(machine.run(), { status: 0, output: '' })
  t.is(await machine.calls(), '')
})

test('missing servers are installed as root, and no service may start meanwhile', async (t) => {
  await using machine = await bareServerMachine()
  await rm(join(machine.path, 'bin/nats-server'))
  await rm(join(machine.path, 'bin/id'))
  await machine.provide('id', 'echo 0')
  await machine.provide('apt-cache', 'echo "  Candidate: 2.9.10"')
  await machine.provide('apt-get', aptGet('nats-server'))
  const { status, output } = machine.run()
  t.is(status, 0, output)
  const calls = await machine.calls()
  t.regex(calls, /^apt-get .*install --yes --no-install-recommends nats-server$/m)
  t.regex(calls, /services are forbidden/)
  t.notRegex(calls, /apt-get .*update/)
  await t.throwsAsync(readFile(join(machine.path, 'policy-rc.d')), { code: 'ENOENT' })
})

test('package lists are fetched only when a package is unknown', async (t) => {
  await using machine = await bareServerMachine()
  await rm(join(machine.path, 'bin/ipmi_sim'))
  await rm(join(machine.path, 'bin/id'))
  await machine.provide('id', 'echo 0')
  await machine.provide('apt-cache', 'echo "  Candidate: (none)"')
  await machine.provide('apt-get', aptGet('ipmi_sim'))
  t.is(machine.run().status, 0)
  t.regex(await machine.calls(), /apt-get .*update\n[^]*apt-get .*install/)
})

for (const { what, provide, expected } of [
  { what: 'no apt-get', provide: {}, expected: /this system has no apt-get/ },
  {
    what: 'no right to install',
    provide: { 'apt-get': ':', id: 'echo 1000', sudo: 'exit 1' },
    expected: /no root, no passwordless sudo/,
  },
  {
    what: 'an apt-get that fails',
    provide: { 'apt-get': 'exit 100', id: 'echo 0', 'apt-cache': 'echo "Candidate: 1"' },
    expected: /apt-get failed/,
  },
]) {
  test(`with ${what}, the text names exactly what to install`, async (t) => {
    await using machine = await bareServerMachine()
    await rm(join(machine.path, 'bin/mariadbd'))
    await rm(join(machine.path, 'bin/sshd'))
    if ('id' in provide) await rm(join(machine.path, 'bin/id'))
    for (const [name, script] of Object.entries(provide)) await machine.provide(name, script)
    const { status, output } = machine.run()
    t.is(status, 1)
    t.regex(output, expected)
    t.regex(output, /apt-get install mariadb-server openssh-server/)
  })
}

/** A machine for the script that fetches the nats-server for clusters. */
async function fetchingMachine(aptGet?: string): Promise<Machine> {
  const machine = await bareMachine('fetch-nats-server.sh')
  for (const tool of ['mktemp', 'awk', 'cat', 'rm', 'mv', 'chmod']) {
    await symlink(join('/usr/bin', tool), join(machine.path, 'bin', tool))
  }
  if (aptGet !== undefined) await machine.provide('apt-get', aptGet)
  await machine.provide(
    'dpkg-deb',
    "mkdir -p $3/usr/sbin; printf '#!/bin/sh\necho v2.10\n' >$3/usr/sbin/nats-server; chmod +x $3/usr/sbin/nats-server",
  )
  return machine
}

const ARCHIVE = 'http://archive.invalid/debian/'
/** Knows one archive, of the release of this machine; shows the sources that it is told to use. */
const KNOWING = `case "$*" in
  indextargets*) . /etc/os-release; echo "${ARCHIVE} $VERSION_CODENAME main Packages" ;;
  *update*) for word in "$@"; do case $word in *sourcelist=*) cat "\${word#*sourcelist=}" >>calls ;; esac; done ;;
  *download*) : >nats-server_2.10_all.deb ;;
esac`

test('a nats-server for clusters comes from the archive of apt, without a change of its sources', async (t) => {
  await using machine = await fetchingMachine(KNOWING)
  const { status, output } = machine.run()
  t.is(status, 0, output)
  const calls = await machine.calls()
  t.true(calls.includes(`deb ${ARCHIVE} trixie main\n`), calls)
  const changing = calls.split('\n').filter((line) => / (?:update|download)/.test(line))
  t.is(changing.length, 2)
  for (const line of changing) {
    t.regex(line, /Dir::Etc::sourceparts=- -o Dir::State=\S+ .*Dir::Cache=/)
    t.notRegex(line, /trusted|AllowUnauthenticated|AllowInsecure/i)
  }
  t.regex(await readFile(join(machine.path, CLUSTER_SERVER, 'nats-server'), 'utf8'), /v2\.10/)
  const before = await machine.calls()
  t.deepEqual(machine.run(), { status: 0, output: '' })
  t.is(await machine.calls(), before)
})

for (const { what, apt, reason } of [
  { what: 'without apt', apt: undefined, reason: /this system has no apt-get/ },
  { what: 'without an archive', apt: ':', reason: /apt names no archive/ },
  {
    what: 'offline',
    apt: `case "$*" in *update*) exit 100 ;; esac\n${KNOWING}`,
    reason: /apt cannot read trixie from http:\/\/archive\.invalid/,
  },
]) {
  test(`${what} there is no nats-server for clusters, which is said once`, async (t) => {
    await using machine = await fetchingMachine(apt)
    const { status, output } = machine.run()
    t.is(status, 0)
    t.regex(output, reason)
    t.regex(await readFile(join(machine.path, CLUSTER_SERVER, 'missing'), 'utf8'), reason)
    t.notRegex(machine.run().output, reason)
  })
}
