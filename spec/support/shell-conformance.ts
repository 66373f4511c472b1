/** The promises of every ShellPort: registers the tests for one kind of host. */
import type { TestFn } from 'ava'
import type { ShellPort } from '../../actors/ports/shell.ts'
import type { SshSettings } from '../../schema/control-attributes.ts'

/** A host that may be probed. */
export interface ShellMachine extends AsyncDisposable {
  readonly settings: SshSettings
  freeze(): Promise<void>
  thaw(): Promise<void>
  kill(): Promise<void>
  restart(): Promise<void>
  reinstall(): Promise<void>
}

/** A port, and a host that accepts it, or one that does not know its key. */
export interface ShellWorld extends AsyncDisposable {
  readonly shell: ShellPort
  startMachine(access: 'allowed' | 'denied'): Promise<ShellMachine>
}

/** Registers the tests. */
export function shellConformance(test: TestFn, openWorld: () => Promise<ShellWorld>): void {
  test('healthy host is alive', async (t) => {
    await using world = await openWorld()
    await using machine = await world.startMachine('allowed')
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'alive')
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'alive')
  })

  test('host without sshd is refused', async (t) => {
    await using world = await openWorld()
    await using machine = await world.startMachine('allowed')
    await machine.kill()
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'refused')
  })

  test('frozen host is silent within the timeout, and alive when it thaws', async (t) => {
    await using world = await openWorld()
    await using machine = await world.startMachine('allowed')
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'alive')
    await machine.freeze()
    t.is((await world.shell.probe(machine.settings, 300)).outcome, 'silent')
    t.is((await world.shell.probe(machine.settings, 300)).outcome, 'silent')
    await machine.thaw()
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'alive')
  })

  test('host that was frozen from the start is silent', async (t) => {
    await using world = await openWorld()
    await using machine = await world.startMachine('allowed')
    await machine.freeze()
    t.is((await world.shell.probe(machine.settings, 300)).outcome, 'silent')
    await machine.thaw()
  })

  test('unknown key is misconfigured', async (t) => {
    await using world = await openWorld()
    await using machine = await world.startMachine('denied')
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'misconfigured')
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'misconfigured')
  })

  test('host key other than the pinned one is misconfigured', async (t) => {
    await using world = await openWorld()
    await using machine = await world.startMachine('allowed')
    const hostKey = `SHA256:${'A'.repeat(43)}`
    const probe = await world.shell.probe({ ...machine.settings, hostKey }, 5000)
    t.is(probe.outcome, 'misconfigured')
  })

  test('host key other than the first one seen is misconfigured', async (t) => {
    await using world = await openWorld()
    await using machine = await world.startMachine('allowed')
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'alive')
    await machine.reinstall()
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'misconfigured')
  })

  test('restart of sshd is survived by the next probe', async (t) => {
    await using world = await openWorld()
    await using machine = await world.startMachine('allowed')
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'alive')
    await machine.restart()
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'alive')
  })

  test('forgotten host may be probed again', async (t) => {
    await using world = await openWorld()
    await using machine = await world.startMachine('allowed')
    await world.shell.probe(machine.settings, 5000)
    world.shell.forget(machine.settings)
    world.shell.forget(machine.settings)
    t.is((await world.shell.probe(machine.settings, 5000)).outcome, 'alive')
  })
}
