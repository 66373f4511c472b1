/** What is known of a host's keys is used to reach it: real sshds with keys of several types. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import type { ShellPort, ShellProbe } from '../../../actors/ports/shell.ts'
import type { SshSettings } from '../../../schema/control-attributes.ts'
import { nextOffer } from '../../../transports/ssh/host-key-search.ts'
import { ensureKeyPair } from '../../../transports/ssh/key-pair.ts'
import { openSshShell } from '../../../transports/ssh/shell.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { startSshd, type HostKeyKind, type Sshd } from '../../support/sshd.ts'

const KINDS = ['ed25519', 'ecdsa', 'rsa'] as const
const TYPES = {
  ed25519: 'ssh-ed25519',
  ecdsa: 'ecdsa-sha2-nistp256',
  rsa: 'ssh-rsa',
} as const
const STRANGE = `SHA256:${'A'.repeat(43)}`

interface World extends AsyncDisposable {
  readonly host: Sshd
  readonly keys: string
  reopen(): Promise<ShellPort & AsyncDisposable>
  probe(hostKey?: string): Promise<ShellProbe>
}

async function openWorld(hostKeys: readonly HostKeyKind[] = KINDS): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory('ssh-state'))
  const reopen = (): ReturnType<typeof openSshShell> =>
    openSshShell({ clock: new SystemClock(), stateDirectory: directory.path })
  const { publicKey } = await ensureKeyPair(directory.path)
  const host = stack.use(await startSshd({ authorizedKey: publicKey, hostKeys }))
  const shell = stack.use(await reopen())
  const owned = stack.move()
  return {
    host,
    keys: join(directory.path, 'known_host_keys'),
    reopen,
    probe: (hostKey) => shell.probe(withPin(host.settings, hostKey), 20_000),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const withPin = (settings: SshSettings, hostKey: string | undefined): SshSettings => ({
  ...settings,
  hostKey,
})

for (const [index, kind] of KINDS.entries()) {
  test(`pinned ${kind} key with its type is asked for among others`, async (t) => {
    await using world = await openWorld()
    const probe = await world.probe(`${TYPES[kind]} ${world.host.fingerprint(kind)}`)
    t.is(probe.outcome, 'alive', probe.detail)
    t.is(world.host.connections(), 1)
  })

  test(`bare fingerprint of an ${kind} key is found among others, and found at once the next time`, async (t) => {
    await using world = await openWorld()
    const pin = world.host.fingerprint(kind)
    t.is((await world.probe(pin)).outcome, 'alive')
    t.is(world.host.connections(), index + 1)
    await world.host.restart()
    t.is((await world.probe(pin)).outcome, 'alive')
    t.is(world.host.connections(), 1)
  })

  test(`remembered ${kind} key is asked for after the host has got others, too`, async (t) => {
    await using world = await openWorld()
    const line = `[127.0.0.1]:${world.host.settings.port} ${world.host.fingerprint(kind)} ${TYPES[kind]}\n`
    await writeFile(world.keys, line)
    t.is((await world.probe()).outcome, 'alive')
    t.is(world.host.connections(), 1)
  })
}

test('key that was remembered without its type by an earlier release is found', async (t) => {
  await using world = await openWorld()
  const line = `[127.0.0.1]:${world.host.settings.port} ${world.host.fingerprint('rsa')}\n`
  await writeFile(world.keys, line)
  t.is((await world.probe()).outcome, 'alive')
})

test('first key of a host is remembered with its type, and asked for by the next process', async (t) => {
  await using world = await openWorld(['rsa'])
  t.is((await world.probe()).outcome, 'alive')
  await using shell = await world.reopen()
  t.is((await shell.probe(world.host.settings, 20_000)).outcome, 'alive')
  t.is(world.host.connections(), 2)
})

test('each of several pins opens the host', async (t) => {
  await using world = await openWorld()
  const rsa = world.host.fingerprint('rsa')
  for (const pins of [
    `${STRANGE}, ssh-rsa ${rsa}`,
    `ssh-ed25519 ${STRANGE},ssh-rsa ${rsa}`,
    `${rsa},${world.host.fingerprint('ecdsa')}`,
  ]) {
    const probe = await world.probe(pins)
    t.is(probe.outcome, 'alive', `${pins}: ${probe.detail}`)
  }
})

test('changed key is a mismatch after every key of the host was looked at, and not looked for again at once', async (t) => {
  await using world = await openWorld()
  for (let round = 0; round < 3; round += 1) {
    const { outcome, detail } = await world.probe(STRANGE)
    t.is(outcome, 'misconfigured')
    t.regex(detail, /the host key changed/)
    for (const kind of KINDS) t.true(detail.includes(world.host.fingerprint(kind)), detail)
  }
  t.true(world.host.connections() <= 4, `${world.host.connections()} connections`)
})

test('changed key of a pinned type is a mismatch although the host has other keys', async (t) => {
  await using world = await openWorld()
  const pin = `ssh-rsa ${world.host.fingerprint('rsa')}`
  await world.host.reinstall()
  const { outcome, detail } = await world.probe(pin)
  t.is(outcome, 'misconfigured')
  t.true(detail.includes(`ssh-rsa ${world.host.fingerprint('rsa')}`), detail)
})

test('host without a key of the pinned type is a mismatch that says so', async (t) => {
  await using world = await openWorld()
  const pin = `ssh-rsa ${world.host.fingerprint('rsa')}`
  await world.host.reinstall(['ed25519'])
  const { outcome, detail } = await world.probe(pin)
  t.is(outcome, 'misconfigured')
  t.regex(detail, /no key of this type/)
})

test('the search for a bare fingerprint costs no penalty: the right pin opens the host at once', async (t) => {
  await using world = await openWorld()
  t.is((await world.probe(STRANGE)).outcome, 'misconfigured')
  t.is((await world.probe(world.host.fingerprint('rsa'))).outcome, 'alive')
})

test('known types are offered first and alone, RSA with its newer signatures first', (t) => {
  const rsa = { type: 'ssh-rsa', fingerprint: STRANGE } as const
  const bare = { type: undefined, fingerprint: STRANGE }
  const shown = [{ type: 'ssh-ed25519', fingerprint: STRANGE }]
  t.deepEqual(nextOffer([rsa], []), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'])
  t.deepEqual(nextOffer([rsa, bare], shown).slice(0, 4), [
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-rsa',
    'ecdsa-sha2-nistp256',
  ])
  t.is(nextOffer([], [])[0], 'ssh-ed25519')
  t.deepEqual(nextOffer([rsa], [{ type: 'ssh-rsa', fingerprint: STRANGE }]), [])
})
