/** A libvirt daemon for specs, with emulated guests that have an agent, and faults to cause in them. Needs root. */
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { instanceId, type InstanceId } from '../../schema/ids.ts'
import { domainXml, type GuestOptions } from './libvirt-domain.ts'
import { program, startServer, temporaryDirectory } from './process.ts'
import { until } from './until.ts'

const run = promisify(execFile)
const SCRIPTS = join(import.meta.dirname, 'libvirtd')
/** An emulated guest boots in 5 s alone, and slower among others. */
const BOOT_MS = 240_000
/** So many boot at the same time: of sixteen on two processors, the last one would take minutes. */
const BOOTING_MAX = 2
/** A guest without an agent, or one that is killed, never says that it has booted, ms. */
const BOOTING_MS = 30_000

export interface RealGuest {
  readonly name: string
  readonly instance: InstanceId
  /** Runs a command inside, through its agent. */
  inside(command: string): Promise<void>
  /** A signal to its emulator. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): Promise<void>
  virsh(command: string, ...rest: readonly string[]): Promise<string>
  /** Until its agent answers. */
  booted(): Promise<void>
}

export interface Libvirtd extends AsyncDisposable {
  /** Of the socket for everything; with `-ro` behind it, the one to look. */
  readonly socket: string
  /** Defines and starts a guest like one of Nova's. */
  startGuest(options?: GuestOptions): Promise<RealGuest>
  /** SIGKILL; its guests run on. */
  kill(): Promise<void>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void>
  /** After a kill. */
  restart(): Promise<void>
}

/** The guest's files are made once, and again when what they are made of changes. */
async function guestFiles(): Promise<string> {
  const hash = createHash('sha256')
  for (const part of ['build-guest.sh', 'guest-init', 'fire-watchdog']) {
    hash.update(await readFile(join(SCRIPTS, part)))
  }
  const version = hash.digest('hex').slice(0, 12)
  const folder = join(tmpdir(), `instance-ha-test-guest-${version}`)
  if (existsSync(join(folder, 'initramfs.gz'))) return folder
  const ours = `${folder}.${process.pid}`
  await run('sh', [join(SCRIPTS, 'build-guest.sh'), ours])
  await rename(ours, folder).catch(() => rm(ours, { recursive: true, force: true })) // another spec was faster
  return folder
}

/** Starts it. Everything ends with this process, however that ends. */
export async function startLibvirtd(): Promise<Libvirtd> {
  if (process.getuid?.() !== 0) {
    throw new Error('specs with a real libvirt daemon need root, for namespaces of their own')
  }
  program('libvirtd', 'libvirt-daemon')
  program('virsh', 'libvirt-clients')
  program('qemu-system-x86_64', 'qemu-system-x86')
  const files = await guestFiles()
  await haveDriverUser()
  const directory = await temporaryDirectory('libvirtd')
  const { path } = directory
  const keeper = await startServer({
    command: program('unshare', 'util-linux'),
    args: [...NAMESPACES, 'sh', join(SCRIPTS, 'keep-namespace.sh'), path],
    ready: /^ready$/m,
    stopSignal: 'SIGKILL',
  })
  const place = { path, files, within: withinNamespace(await childOf(keeper.pid)) }
  const start = async (): Promise<void> =>
    void (await place.within('sh', join(SCRIPTS, 'start-daemon.sh'), path))
  const signal = (name: string): Promise<string> =>
    place.within('sh', '-c', `kill -s ${name} "$(cat "$0")"`, join(path, 'daemon.pid'))
  await start()
  return {
    socket: join(path, 'run', 'libvirt-sock'),
    startGuest: (options = {}) => startGuest(place, options),
    kill: async () => {
      await signal('KILL')
      // The place of its process id is free again when it has been waited for.
      await until('the daemon has ended', () =>
        signal('0').then(
          () => false,
          () => true,
        ),
      )
    },
    signal: async (name) => void (await signal(name.slice('SIG'.length))),
    restart: start,
    async [Symbol.asyncDispose]() {
      await keeper[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']

/** The driver of QEMU looks for this user whatever its configuration says. */
async function haveDriverUser(): Promise<void> {
  const user = 'libvirt-qemu'
  if (/^libvirt-qemu:/m.test(await readFile('/etc/passwd', 'utf8'))) return
  const args = [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    user,
  ]
  await run(program('useradd', 'passwd'), args).catch(() => undefined) // another spec was faster
}

async function childOf(pid: number): Promise<string> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const [child] = children.split(' ')
  if (child === undefined || child === '') throw new Error('the namespace has no process')
  return child
}

type Within = (...command: readonly string[]) => Promise<string>

const withinNamespace =
  (target: string): Within =>
  async (...command) => {
    const enter = ['--mount', '--pid', '--target', target]
    const { stdout } = await run('nsenter', [...enter, ...command])
    return stdout
  }

interface Place {
  readonly path: string
  readonly files: string
  readonly within: Within
}

let guests = 0
/** The end of the latest boot in each lane. */
const lanes = Array.from({ length: BOOTING_MAX }, () => Promise.resolve())

/** Waits for the boot before it in its lane. The function that it returns ends this one. */
async function beginBoot(number: number): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const lane = number % BOOTING_MAX
  const before = lanes[lane]
  lanes[lane] = promise
  await before
  return resolve
}

async function startGuest(
  { path, files, within }: Place,
  options: GuestOptions,
): Promise<RealGuest> {
  guests += 1
  const number = guests
  const name = options.name ?? `instance-${number.toString(16).padStart(8, '0')}`
  const uuid = randomUUID()
  const virsh = (command: string, ...rest: readonly string[]): Promise<string> =>
    within('virsh', '--quiet', '--connect', 'qemu:///system', command, ...rest)
  // The file has a name of ours: that of the guest may hold anything.
  const file = join(path, 'domains', `${uuid}.xml`)
  await writeFile(file, domainXml({ name, uuid, path, files }, options))
  await within('truncate', '-s', '16M', join(path, 'small', uuid))
  await virsh('define', file)
  const endBoot = await beginBoot(number)
  const agent = (command: object): Promise<string> =>
    virsh('qemu-agent-command', '--timeout', '2', uuid, JSON.stringify(command))
  const answers = (withinMs: number): Promise<void> =>
    untilAnswers(() => agent({ execute: 'guest-ping' }), withinMs)
  try {
    await virsh('start', uuid)
  } finally {
    answers(options.agent === 'no-channel' ? 0 : BOOTING_MS).then(endBoot, endBoot)
  }
  return {
    name,
    instance: instanceId(uuid),
    inside: async (command) => {
      const args = { path: '/bin/sh', arg: ['-c', command] }
      // A command that ends the guest may end it before it has answered.
      await agent({ execute: 'guest-exec', arguments: args }).catch(() => undefined)
    },
    signal: async (signal) => {
      const file = join(path, 'run', 'qemu', `${name}.pid`)
      await within('sh', '-c', `kill -s ${signal.slice('SIG'.length)} "$(cat "$0")"`, file)
    },
    virsh: (command, ...rest) => virsh(command, uuid, ...rest),
    booted: () => answers(BOOT_MS),
  }
}

async function untilAnswers(ask: () => Promise<string>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      await ask()
      return
    } catch (error) {
      if (performance.now() > deadline) throw new Error('the guest does not boot', { cause: error })
      await sleep(300)
    }
  }
}
