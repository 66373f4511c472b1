/**
 * What a host monitor costs that watches a large fleet in peace: over SSH, IPMI, heartbeats and
 * Nova, each on real sockets.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '../../schema/control-attributes.ts'
import { lanConfiguration } from '../support/bmc.ts'
import { startHttpCloud } from '../support/http-cloud.ts'
import { startMariadb } from '../support/mariadb.ts'
import { startNats } from '../support/nats.ts'
import { configurationOf, flagsOfRun, startProduct, storeUrl } from '../support/product.ts'
import { freePort, program, startServer, temporaryDirectory } from '../support/process.ts'
import { registerFleet } from '../support/registered-fleet.ts'
import type { Figure } from './figure.ts'

const HOSTS = 1000
const SEGMENTS = 10
/** Every session is open, and every channel was asked several times. */
const SETTLE_MS = 120_000
const MEASURED_MS = 120_000
const ACCOUNT = {
  port: 6230,
  username: 'fence',
  password: new Secret('s3cr3t-of-the-bmc'),
}

export async function measureFleet(): Promise<readonly Figure[]> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryDirectory('fleet'))
  const size = { segments: SEGMENTS, hostsPerSegment: HOSTS / SEGMENTS, instances: 0 }
  const http = stack.use(await startHttpCloud(size))
  const nats = stack.use(await startNats())
  const mariadb = stack.use(await startMariadb())
  const names = http.segments.flatMap(({ hosts }) => hosts.map(({ name }) => name))
  const hosts = stack.use(await startHosts([nats.url, 'default', ...names]))
  const sshPort = Number(READY.exec(hosts.output())?.[1])
  const attributes = new Map(names.map((name, index) => [name, attributesOf(index, sshPort)]))
  await startBmcs(stack, path, names.length)
  const database = await mariadb.createDatabase()
  await registerFleet(mariadb, database, http, attributes)
  const configuration = configurationOf({
    node: 'monitor',
    roles: 'host-monitor',
    account: { ...http.keystone.account, authUrl: http.keystone.url },
    port: await freePort(),
    stateDirectory: path,
    bus: nats.url,
    store: storeUrl(mariadb, database),
  })
  const monitor = stack.use(await startProduct(path, 'monitor', configuration, await flagsOfRun()))
  await sleep(SETTLE_MS)
  const before = await costOf(monitor.pid)
  await sleep(MEASURED_MS)
  const after = await costOf(monitor.pid)
  return [
    {
      what: `one monitor of ${HOSTS} hosts in peace: share of a core`,
      value: (100 * (after.cpuMs - before.cpuMs)) / MEASURED_MS,
      unit: '%',
      target: { kind: 'at-most', value: 25 },
      remark: `${after.processes} processes`,
    },
    {
      what: `the same: memory of all its processes`,
      value: after.memoryMb,
      unit: 'MB',
      target: { kind: 'at-most', value: 600 },
      remark: `of these ${after.ownMb.toFixed(0)} MB of its own`,
    },
  ]
}

/** Each host has its own address on the loopback, over SSH and for its BMC. */
const addressOf = (network: number, index: number): string =>
  `127.${network}.${index >> 8}.${index & 255}`

const attributesOf = (index: number, sshPort: number): string =>
  JSON.stringify({
    ssh: { host: addressOf(1, index), port: sshPort, username: 'ha' },
    ipmi: {
      host: addressOf(2, index),
      port: ACCOUNT.port,
      username: ACCOUNT.username,
      password: ACCOUNT.password.reveal(),
      cipher_suite: 3,
    },
  })

const READY = /hosts answer on port (\d+)/

const startHosts = (args: readonly string[]) =>
  startServer({
    command: process.execPath,
    args: [join(import.meta.dirname, 'fleet-hosts.ts'), ...args],
    ready: READY,
  })

const EMULATOR = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
mc_set_power 0x20 1 0
`

async function startBmcs(
  stack: AsyncDisposableStack,
  directory: string,
  count: number,
): Promise<void> {
  const emulator = join(directory, 'bmc.emu')
  await writeFile(emulator, EMULATOR)
  for (let index = 0; index < count; index += 1) {
    const lan = join(directory, `lan-${index}.conf`)
    await writeFile(lan, lanConfiguration({ ...ACCOUNT, address: addressOf(2, index) }))
    stack.use(
      await startServer({
        command: program('ipmi_sim', 'openipmi'),
        args: ['-n', '-c', lan, '-f', emulator, '-s', join(directory, `state-${index}`)],
      }),
    )
  }
}

interface Cost {
  readonly cpuMs: number
  readonly memoryMb: number
  readonly ownMb: number
  readonly processes: number
}

const TICK_MS = 10

/** Of a process and all its descendants. Shared pages are divided among those that share them. */
async function costOf(pid: number): Promise<Cost> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const isOurs = (one: number): boolean =>
    one === pid || (parents.has(one) && isOurs(parents.get(one) ?? 0))
  const ours = [...parents.keys()].filter(isOurs)
  const costs = await Promise.all(ours.map(ofOne))
  const own = costs[ours.indexOf(pid)]
  return {
    cpuMs: costs.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    memoryMb: costs.reduce((sum, { memoryMb }) => sum + memoryMb, 0),
    ownMb: own?.memoryMb ?? 0,
    processes: ours.length,
  }
}

async function ofOne(pid: number): Promise<{ readonly cpuMs: number; readonly memoryMb: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  // utime, stime, cutime and cstime of proc(5), the latter two of children that have ended
  const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + (fields[field] ?? 0), 0)
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  const kilobytes = Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1] ?? 0)
  return { cpuMs: ticks * TICK_MS, memoryMb: kilobytes / 1024 }
}
