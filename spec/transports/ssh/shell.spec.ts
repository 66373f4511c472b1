/** Proof of life over real sshds that answer, refuse, freeze and change their keys. */
import { connect, createServer, type Socket } from 'node:net'
import { readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import test from 'ava'
import ssh2 from 'ssh2'
import type { ShellPort } from '../../../actors/ports/shell.ts'
import type { SshSettings } from '../../../schema/control-attributes.ts'
import { ensureKeyPair } from '../../../transports/ssh/key-pair.ts'
import { openSshShell } from '../../../transports/ssh/shell.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { openFullListener } from '../../support/full-listener.ts'
import { freePort, temporaryDirectory, listenOn } from '../../support/process.ts'
import { shellConformance, type ShellWorld } from '../../support/shell-conformance.ts'
import { startSshd, type Sshd } from '../../support/sshd.ts'
import { until } from '../../support/until.ts'

interface RealWorld extends ShellWorld {
  readonly shell: ShellPort & AsyncDisposable
  readonly stateDirectory: string
  startMachine(access: 'allowed' | 'denied'): Promise<Sshd>
}

async function openWorld(): Promise<RealWorld> {
  const directory = await temporaryDirectory('ssh-state')
  const shell = await openSshShell({ clock: new SystemClock(), stateDirectory: directory.path })
  const { publicKey } = await ensureKeyPair(directory.path)
  const stranger = ssh2.utils.generateKeyPairSync('ed25519').public
  return {
    shell,
    stateDirectory: directory.path,
    startMachine: (access) =>
      startSshd({ authorizedKey: access === 'allowed' ? publicKey : stranger }),
    async [Symbol.asyncDispose]() {
      await shell[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

shellConformance(test, openWorld)

test('host that accepts nothing is waited for less than one that accepts and is silent', async (t) => {
  await using world = await openWorld()
  await using full = await openFullListener()
  await using accepting = await startTcp(() => undefined)
  const tookMs = async (port: number): Promise<number> => {
    const beganAtMs = performance.now()
    const settings = { ...accepting.settings, port }
    t.is((await world.shell.probe(settings, 3000, 300)).outcome, 'silent')
    return performance.now() - beganAtMs
  }
  t.true((await tookMs(full.port)) < 2500)
  t.true((await tookMs(accepting.settings.port)) >= 2990)
})

test('many probes use one connection', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  const probes = Array.from({ length: 20 }, () => world.shell.probe(host.settings, 5000))
  t.true((await Promise.all(probes)).every(({ outcome }) => outcome === 'alive'))
  for (let round = 0; round < 20; round += 1) await world.shell.probe(host.settings, 5000)
  t.is(host.connections(), 1)
})

test('key that is refused is not tried again and again', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('denied')
  for (let round = 0; round < 10; round += 1) {
    const { outcome, detail } = await world.shell.probe(host.settings, 5000)
    t.is(outcome, 'misconfigured')
    t.regex(detail, /refuses our key/)
  }
  t.is(host.connections(), 1)
})

test('key that was refused is tried again after half a minute', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('denied')
  const clock = new VirtualClock()
  await using shell = await openSshShell({ clock, stateDirectory: world.stateDirectory })
  t.is((await shell.probe(host.settings, 5000)).outcome, 'misconfigured')
  await clock.pass(29_000, () => setImmediate())
  t.is((await shell.probe(host.settings, 5000)).outcome, 'misconfigured')
  t.is(host.connections(), 1)
  await clock.pass(1000, () => setImmediate())
  t.is((await shell.probe(host.settings, 5000)).outcome, 'misconfigured')
  t.is(host.connections(), 2)
})

test('connection used longest ago is closed when there are a thousand', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  await world.shell.probe(host.settings, 5000)
  const closedPort = await freePort()
  for (let index = 0; index < 1000; index += 1) {
    t.is(await host.sessions(), 1)
    const address = `127.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`
    await world.shell.probe({ ...host.settings, address, port: closedPort }, 5000)
  }
  await until('the session has ended', async () => (await host.sessions()) === 0)
})

test('frozen host sees one pending connection, however often it is probed', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  await host.freeze()
  for (let round = 0; round < 10; round += 1) await world.shell.probe(host.settings, 20)
  await host.thaw()
  t.is((await world.shell.probe(host.settings, 5000)).outcome, 'alive')
  t.is(host.connections(), 1)
})

test('host that is frozen for ten minutes finds fewer connections than sshd punishes, and is alive at once', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  const clock = new VirtualClock()
  await using shell = await openSshShell({ clock, stateDirectory: world.stateDirectory })
  await host.freeze()
  for (let second = 0; second < 600; second += 5) {
    const answer = shell.probe(host.settings, 3000)
    await settle()
    await clock.pass(5000, settle)
    t.is((await answer).outcome, 'silent')
  }
  await host.thaw()
  t.is((await shell.probe(host.settings, 3000)).outcome, 'alive')
  t.true(host.connections() > 1 && host.connections() < 15, `${host.connections()} connections`)
})

test('pause before an sshd that hangs up at once grows, and ends when the sshd works', async (t) => {
  await using world = await openWorld()
  let connections = 0
  let isAngry = true
  await using host = await world.startMachine('allowed')
  await using door = await startTcp((socket) => {
    connections += 1
    if (isAngry) socket.destroy()
    else forward(socket, host.settings.port)
  })
  const clock = new VirtualClock()
  await using shell = await openSshShell({ clock, stateDirectory: world.stateDirectory })
  for (let second = 0; second < 120; second += 1) {
    t.is((await shell.probe(door.settings, 3000)).outcome, 'refused')
    await clock.pass(1000, () => setImmediate())
  }
  t.true(connections <= 9, `${connections} connections in two minutes`)
  t.deepEqual(shell.politeness(), {
    connectionsOpened: connections,
    connectionsOpen: 0,
    connectionsOpenMax: 1000,
    loginsUnfinished: connections,
    loginsUnfinishedInARow: connections,
  })
  isAngry = false
  await clock.pass(30_000, () => setImmediate())
  t.is((await shell.probe(door.settings, 3000)).outcome, 'alive')
  t.like(shell.politeness(), { connectionsOpened: connections, connectionsOpen: 1 })
})

test('connection that is reset during the handshake is noticed at once', async (t) => {
  await using world = await openWorld()
  await using server = await startTcp(() => undefined)
  const probe = world.shell.probe(server.settings, 20_000)
  await until('it is accepted', async () => server.sockets.size === 1)
  for (const socket of server.sockets) socket.resetAndDestroy()
  t.is((await probe).outcome, 'refused')
})

test('kept connection ends by itself when the host freezes', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  await world.shell.probe(host.settings, 5000)
  await host.freeze()
  t.is((await world.shell.probe(host.settings, 6000)).outcome, 'silent')
  await host.thaw()
  t.is((await world.shell.probe(host.settings, 5000)).outcome, 'alive')
  t.is(host.connections(), 2)
})

test('forgotten host loses its session', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  await world.shell.probe(host.settings, 5000)
  t.is(await host.sessions(), 1)
  world.shell.forget(host.settings)
  await until('the session has ended', async () => (await host.sessions()) === 0)
  t.is((await world.shell.probe(host.settings, 5000)).outcome, 'alive')
  t.is(host.connections(), 2)
})

test('pinned host key is accepted and not written down', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  const pinned = { ...host.settings, hostKey: host.fingerprint() }
  t.is((await world.shell.probe(pinned, 5000)).outcome, 'alive')
  await t.throwsAsync(readFile(join(world.stateDirectory, 'known_host_keys')), { code: 'ENOENT' })
})

test('pinning the right key ends a misconfiguration at once', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  await world.shell.probe(host.settings, 5000)
  await host.reinstall()
  const refused = await world.shell.probe(host.settings, 5000)
  t.is(refused.outcome, 'misconfigured')
  t.true(refused.detail.includes(host.fingerprint()))
  const pinned = { ...host.settings, hostKey: host.fingerprint() }
  t.is((await world.shell.probe(pinned, 5000)).outcome, 'alive')
})

test('first host key is remembered across a restart of ours', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  await world.shell.probe(host.settings, 5000)
  await host.reinstall()
  await using reopened = await openSshShell({
    clock: new SystemClock(),
    stateDirectory: world.stateDirectory,
  })
  t.is((await reopened.probe(host.settings, 5000)).outcome, 'misconfigured')
  const path = join(world.stateDirectory, 'known_host_keys')
  await writeFile(path, '')
  await using afterRemoval = await openSshShell({
    clock: new SystemClock(),
    stateDirectory: world.stateDirectory,
  })
  t.is((await afterRemoval.probe(host.settings, 5000)).outcome, 'alive')
  const line = `[127.0.0.1]:${host.settings.port} ${host.fingerprint()} ssh-ed25519\n`
  t.is(await readFile(path, 'utf8'), line)
})

test('port that hangs up before the greeting is refused', async (t) => {
  await using world = await openWorld()
  await using server = await startTcp((socket) => void socket.end())
  t.is((await world.shell.probe(server.settings, 5000)).outcome, 'refused')
})

test('port that speaks an SSH of the past is misconfigured', async (t) => {
  await using world = await openWorld()
  await using server = await startTcp((socket) => void socket.write('SSH-1.5-old\r\n'))
  t.is((await world.shell.probe(server.settings, 5000)).outcome, 'misconfigured')
})

test('port that accepts and says nothing is silent', async (t) => {
  await using world = await openWorld()
  await using server = await startTcp(() => undefined)
  t.is((await world.shell.probe(server.settings, 100)).outcome, 'silent')
})

test('fifty hosts are probed at the same time', async (t) => {
  await using world = await openWorld()
  await using host = await world.startMachine('allowed')
  await using doors = new AsyncDisposableStack()
  const targets: SshSettings[] = []
  for (let index = 0; index < 50; index += 1) {
    const door = doors.use(await startTcp((socket) => forward(socket, host.settings.port)))
    targets.push({ ...door.settings, hostKey: host.fingerprint() })
  }
  for (let round = 0; round < 3; round += 1) {
    const probes = await Promise.all(targets.map((target) => world.shell.probe(target, 20_000)))
    t.is(probes.filter(({ outcome }) => outcome === 'alive').length, 50)
  }
  t.is(host.connections(), 50)
})

/** Lets what the kernel has for us arrive. */
const settle = (): Promise<void> => setTimeout(1)

function forward(socket: Socket, port: number): void {
  const onward = connect(port, '127.0.0.1')
  onward.on('error', () => socket.destroy())
  socket.on('close', () => onward.destroy())
  socket.pipe(onward).pipe(socket)
}

/** A plain TCP server that treats each connection in its own way. */
async function startTcp(
  treat: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly settings: SshSettings; readonly sockets: Set<Socket> }> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    treat(socket)
  })
  await listenOn(server, port)
  return {
    settings: { address: '127.0.0.1', port, username: userInfo().username, hostKey: undefined },
    sockets,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      for (const socket of sockets) socket.destroy()
      await closed.promise
    },
  }
}
