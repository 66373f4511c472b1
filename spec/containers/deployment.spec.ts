/** Our image, and the deployments under ops/docker, as an operator builds and starts them. */
import { chmod, chown, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import test from 'ava'
import { imageOf } from '../support/container.ts'
import { freePort, temporaryDirectory } from '../support/process.ts'
import { until } from '../support/until.ts'
import { compose, docker, healthOf, logOf, tryDocker, untilHealth } from './docker.ts'

const IMAGE = 'instance-ha-test/product:local'
const PROJECT = 'instance-ha-spec'
const MEGABYTE = 1_000_000
/** debian:bookworm-slim with ipmitool and openssl, which the base of the specs stands for. */
const REAL_BASE_MB = 90
const GROUP = 42_480
const CONFIG = '/etc/xavs/instance-ha'
/** A container that is hardened as those of the deployments are. */
const HARDENED = ['--rm', '--read-only', '--tmpfs=/tmp', '--cap-drop=ALL', '--network=none']

const directory = await temporaryDirectory('image')
const settings = {
  INSTANCE_HA_IMAGE: IMAGE,
  INSTANCE_HA_PORT: String(await freePort()),
  NATS_IMAGE: imageOf('servers'),
  MARIADB_IMAGE: imageOf('servers'),
  RABBITMQ_IMAGE: imageOf('servers'),
  HAPROXY_IMAGE: imageOf('servers'),
  LIBVIRT_SOCKETS: join(directory.path, 'libvirt'),
}
const file = (name: string): string => join('ops/docker', name)
const deployment = (...args: readonly string[]): Promise<string> =>
  compose(settings, '--file', file('compose.yaml'), '--project-name', PROJECT, ...args)

/** The name of the container of a service; compose of different ages joins the parts differently. */
async function containerOf(service: string): Promise<string> {
  const labels = [`com.docker.compose.project=${PROJECT}`, `com.docker.compose.service=${service}`]
  const filters = labels.flatMap((label) => ['--filter', `label=${label}`])
  return (await docker('ps', '--all', '--quiet', ...filters)).trim()
}

test.before(async () => {
  const context = join(directory.path, 'context')
  await mkdir(context)
  await mkdir(settings.LIBVIRT_SOCKETS)
  await promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', context])
  for (const name of ['package.json', 'package-lock.json', '.dockerignore']) {
    await cp(name, join(context, name))
  }
  const bases = [`BUILDER=${imageOf('builder')}`, `BASE=${imageOf('base')}`]
  const args = bases.flatMap((base) => ['--build-arg', base])
  const how = ['--network=host', '--file', file('Dockerfile'), '--tag', IMAGE]
  await docker('build', ...how, ...args, context)
})

test.after.always(async () => {
  await deployment('--profile', 'compute-host', 'down', '--volumes', '--timeout', '5')
  await directory[Symbol.asyncDispose]()
})

const sizeOf = async (image: string): Promise<number> =>
  Number(await docker('image', 'inspect', '--format', '{{.Size}}', image)) / MEGABYTE

test.serial('the image is small, and has no compiler', async (t) => {
  const [all, base] = [await sizeOf(IMAGE), await sizeOf(imageOf('base'))]
  t.log(`${Math.round(all)} MB, of which ${Math.round(base)} MB are the base`)
  t.true(all - base + REAL_BASE_MB <= 250)
  const tools = 'command -v cc gcc g++ c++ make python3 npm as ld'
  const { stdout } = await tryDocker('run', ...HARDENED, '--entrypoint=/bin/sh', IMAGE, '-c', tools)
  t.is(stdout, '')
})

test.serial('the image runs as a user without rights, and says what it does', async (t) => {
  const described = await docker('image', 'inspect', '--format', '{{.Config.User}}', IMAGE)
  t.is(described.trim(), `${GROUP}:${GROUP}`)
  t.regex(await docker('run', ...HARDENED, IMAGE, '--version'), /^instance-ha \d/)
  const write = 'touch /opt/instance-ha/x || touch /etc/x'
  const tried = await tryDocker(
    'run',
    '--rm',
    '--network=none',
    '--entrypoint=/bin/sh',
    IMAGE,
    '-c',
    write,
  )
  t.not(tried.status, 0)
  const pty =
    "import('/opt/instance-ha/node_modules/node-pty/lib/index.js').then(() => console.log('loads'))"
  const node = '--entrypoint=/opt/instance-ha/node_modules/.bin/node'
  t.is(await docker('run', ...HARDENED, node, IMAGE, '-e', pty), 'loads\n')
})

test.serial(
  'a container without its configuration ends at once and says what is missing',
  async (t) => {
    const { status, stderr } = await tryDocker('run', ...HARDENED, IMAGE, 'engine')
    t.is(status, 2)
    t.regex(stderr, /cannot read \/etc\/xavs\/instance-ha\/instance-ha\.conf/)
  },
)

test.serial('a whole deployment comes up, and every container is healthy', async (t) => {
  t.timeout(1_200_000)
  await deployment('up', '--detach', '--no-build')
  const services = (await deployment('config', '--services')).trim().split('\n')
  const running = services.filter((name) => name !== 'setup' && name !== 'instance-monitor')
  t.is(running.length, 14)
  for (const service of running) await untilHealth(await containerOf(service), 'healthy')
})

const inCloud = (...words: readonly string[]): Promise<string> =>
  deployment('exec', '-T', 'cloud', 'instance-ha', ...words)
const STATE = ['--state', '/var/lib/instance-ha']

interface Host {
  readonly host: string
  readonly power: string
  readonly runs: readonly string[]
}
const hosts = async (): Promise<readonly Host[]> =>
  JSON.parse(await inCloud('simulated-cloud', 'hosts', ...STATE, '--json'))

test.serial('a host that dies loses its instances to others, each exactly once', async (t) => {
  t.timeout(1_200_000)
  const registered = async (): Promise<readonly unknown[]> =>
    JSON.parse(await inCloud('host', 'list', '--json'))
  await until(
    'all hosts are registered',
    async () => (await registered()).length === 12,
    300_000,
    1000,
  )
  const before = await hosts()
  const lost = before.find(({ host }) => host === 'compute-03')?.runs ?? []
  t.true(lost.length > 0)
  await inCloud('simulated-cloud', 'kill', ...STATE, 'compute-03')
  t.is((await hosts()).find(({ host }) => host === 'compute-03')?.power, 'off')
  const finished = async (): Promise<boolean> => {
    const rows: readonly { readonly status: string }[] = JSON.parse(
      await inCloud('notification', 'list', '--json'),
    )
    return rows.some(({ status }) => status === 'finished')
  }
  await until('the recovery has finished', finished, 600_000, 1000)
  const after = await hosts()
  for (const name of lost) {
    t.is(after.filter(({ runs }) => runs.includes(name)).length, 1, name)
  }
  t.deepEqual(after.find(({ host }) => host === 'compute-03')?.runs, [])
})

/** Writes an overlay for a container, as `setup` would have done. */
const overlay = (node: string, name: string, text: string): Promise<string> => {
  const path = `/deployment/${node}/instance-ha.conf.d/${name}`
  const script = `printf '${text}' > ${path} && chgrp ${GROUP} ${path} && chmod 640 ${path}`
  return deployment('run', '--rm', '--no-deps', '--entrypoint', '/bin/sh', 'setup', '-c', script)
}

async function hangUp(container: string, answer: RegExp): Promise<void> {
  const answers = async (): Promise<number> =>
    (await logOf(container)).split('\n').filter((line) => answer.test(line)).length
  const before = await answers()
  await docker('kill', '--signal=HUP', container)
  await until(`${container} has read again`, async () => (await answers()) > before, 60_000, 200)
}

test.serial('a running container takes a changed overlay, and refuses a broken one', async (t) => {
  const gateway = await containerOf('gateway-1')
  // HAProxy asks this gateway every two seconds, and each answer is a line at the level info.
  const growsInFiveSeconds = async (): Promise<boolean> => {
    const before = (await logOf(gateway)).length
    await sleep(5000)
    return (await logOf(gateway)).length > before
  }
  t.true(await growsInFiveSeconds())
  await overlay('gateway-1', '50-log.conf', '[log]\\nlevel = error\\n')
  await docker('kill', '--signal=HUP', gateway)
  await until('the log is quiet', async () => !(await growsInFiveSeconds()), 60_000)

  await overlay('gateway-1', '60-broken.conf', '[log]\\nlevel = loud\\n')
  await hangUp(gateway, /the old one stays in force/)
  t.is(await healthOf(gateway), 'healthy')
  await docker('exec', gateway, 'instance-ha', 'health')
  t.regex(await logOf(gateway), /60-broken\.conf, line 2/)
})

test.serial('a gateway stays healthy while no engine runs, and says so', async (t) => {
  await deployment('stop', 'engine-1', 'engine-2')
  const gateway = await containerOf('gateway-2')
  const asked = (): ReturnType<typeof tryDocker> =>
    tryDocker('exec', gateway, 'instance-ha', 'health')
  await until(
    'the gateway misses the engines',
    async () => /leader|engine/.test((await asked()).stdout),
    120_000,
    1000,
  )
  t.is((await asked()).status, 0)
  await deployment('start', 'engine-1', 'engine-2')
})

test.serial(
  'the container of a compute host needs the bus, and no more of its host than the folder of libvirt',
  async (t) => {
    await deployment(
      '--profile',
      'compute-host',
      'up',
      '--detach',
      '--no-build',
      '--no-deps',
      'instance-monitor',
    )
    const monitor = await containerOf('instance-monitor')
    await untilHealth(monitor, 'healthy')
    const format = '{{range .Mounts}}{{if eq .Type "bind"}}{{.Destination}}{{end}}{{end}}'
    t.is((await docker('inspect', '--format', format, monitor)).trim(), '/run/libvirt')
  },
)

test.serial('a container without its bus is unhealthy, and works again with it', async (t) => {
  t.timeout(1_200_000)
  const servers = ['nats-1', 'nats-2', 'nats-3']
  await deployment('stop', ...servers)
  const bridge = await containerOf('bridge-1')
  await untilHealth(bridge, 'unhealthy')
  const { status, stdout } = await tryDocker('exec', bridge, 'instance-ha', 'health')
  t.is(status, 1)
  t.regex(stdout, /^unhealthy\nbus: /)
  await deployment('start', ...servers)
  await untilHealth(bridge, 'healthy')
})

/** Writes a file for a container, as an operator would: root changes it, and the group of the image reads it. */
async function give(path: string, text: string): Promise<void> {
  await writeFile(path, text)
  await chown(path, 0, GROUP)
  await chmod(path, 0o640)
}

/** Copies a part of the configuration of a service; the group of the image may read it, as in the container. */
async function copyFrom(service: string, part: string, path: string): Promise<void> {
  await docker('cp', `${await containerOf(service)}:${CONFIG}${part}`, path)
  await promisify(execFile)('chown', ['--recursive', `0:${GROUP}`, path])
}

/** The files of an engine in a directory of the machine, as an operator would have them. */
async function filesOfEngine(name: string): Promise<string> {
  const path = join(directory.path, name)
  await copyFrom('engine-1', '', path)
  return path
}

test.serial(
  'a container with a missing secret, or a broken overlay, names it and ends',
  async (t) => {
    const path = await filesOfEngine('incomplete')
    const start = (): ReturnType<typeof tryDocker> =>
      tryDocker('run', ...HARDENED, `--volume=${path}:${CONFIG}:ro`, IMAGE, 'engine')
    const bad = join(path, 'instance-ha.conf.d', '90-bad.conf')
    await writeFile(bad, '[log]\nlevel = loud\n')
    await chown(bad, 0, GROUP)
    await chmod(bad, 0o640)
    const broken = await start()
    t.is(broken.status, 2)
    t.regex(broken.stderr, /90-bad\.conf, line 2/)

    await chmod(path, 0o700)
    const closed = await start()
    t.is(closed.status, 2)
    t.regex(closed.stderr, /cannot read \/etc\/xavs\/instance-ha\/instance-ha\.conf/)
    await chmod(path, 0o750)

    const secret = await readFile(join(path, 'keystone.password'), 'utf8')
    await writeFile(bad, `[DEFAULT]\nos_privileged_user_password_file = absent\n`)
    const missing = await start()
    t.is(missing.status, 2)
    t.regex(missing.stderr, /os_privileged_user_password/)
    t.false(missing.stderr.includes(secret))
  },
)

test.serial('a container with a data folder that it cannot write names it and ends', async (t) => {
  const path = await filesOfEngine('complete')
  const data = join(directory.path, 'data')
  await mkdir(data, { mode: 0o700 })
  const start = (mode: string): ReturnType<typeof tryDocker> => {
    const volumes = [
      `--volume=${path}:${CONFIG}:ro`,
      `--volume=${data}:/var/lib/instance-ha:${mode}`,
    ]
    return tryDocker('run', ...HARDENED, ...volumes, IMAGE, 'host-monitor')
  }
  const foreign = await start('rw')
  t.is(foreign.status, 1)
  t.regex(foreign.stderr, /EACCES.*\/var\/lib\/instance-ha/)
  await chown(data, GROUP, GROUP)
  const fixed = await start('ro')
  t.is(fixed.status, 2)
  t.regex(fixed.stderr, /\/var\/lib\/instance-ha.*read-only file system/)
})

/** The containers of a controller, and the processes of the deployment whose accounts they use here. */
const CONTROLLER = {
  masakari_api: 'gateway-1',
  masakari_engine: 'engine-1',
  masakari_hostmonitor: 'host-monitor-1',
  masakari_bridge: 'bridge-1',
}

test.serial(
  'the containers of a controller have the names of the platform, and are healthy',
  async (t) => {
    t.timeout(1_200_000)
    const path = join(directory.path, 'controller')
    await copyFrom('gateway-1', '', path)
    await copyFrom('bridge-1', '/broker.url', join(path, 'broker.url'))
    const overlays = join(path, 'instance-ha.conf.d')
    await rm(join(overlays, '60-broken.conf'), { force: true })
    await give(join(overlays, '70-bridge.conf'), '[bridge]\ntransport_url_file = broker.url\n')
    const parts = Object.entries(CONTROLLER)
    for (const [, node] of parts) {
      await copyFrom(node, '/nats.nk', join(path, `${node}.nk`))
    }
    // Their network is that of the deployment here, because the deployment's servers are only there.
    const services = parts.map(([name, node]) => {
      const environment = {
        INSTANCE_HA_DEFAULT__HOST: node,
        INSTANCE_HA_BUS__NKEY_FILE: `${CONFIG}/${node}.nk`,
      }
      return [name, { network_mode: `${PROJECT}_default`, environment }]
    })
    const override = join(directory.path, 'override.json')
    await writeFile(
      override,
      JSON.stringify({ version: '3.8', services: Object.fromEntries(services) }),
    )
    const controller = (...args: readonly string[]): Promise<string> => {
      const files = ['--file', file('controller.yaml'), '--file', override]
      const env = { ...settings, CONTROLLER: 'ctl-1', INSTANCE_HA_CONFIG: path }
      return compose(env, ...files, '--project-name', `${PROJECT}-controller`, ...args)
    }
    await deployment('stop', ...parts.map(([, node]) => node))
    try {
      await controller('up', '--detach', '--no-build')
      for (const [name] of parts) {
        await untilHealth(name, 'healthy')
        t.is(await docker('inspect', '--format', '{{.HostConfig.ReadonlyRootfs}}', name), 'true\n')
      }
    } finally {
      await controller('down', '--volumes', '--timeout', '5')
    }
  },
)
