/** The promises of every PolledPowerPort: registers the tests for one kind of BMC. */
import type { TestFn } from 'ava'
import type { PolledPowerPort, PowerState } from '../../actors/ports/power.ts'
import { Secret, type BmcSettings } from '../../schema/control-attributes.ts'
import type { ErrorCode } from '../../schema/errors.ts'

/** A machine and its BMC. */
export interface PowerMachine extends AsyncDisposable {
  readonly settings: BmcSettings
  power(): Promise<PowerState>
  setPower(state: PowerState): Promise<void>
  setTemper(temper: 'obey' | 'refuse' | 'lie'): Promise<void>
  /**
   * The next power-off, or only its answer, is lost, and the BMC is silent until `mend`. A session
   * is open by then.
   */
  fallSilent(at: 'order' | 'answer'): void
  mend(): void
  freeze(): void
  thaw(): void
  kill(): Promise<void>
  restart(): Promise<void>
}

/** How a kind of PolledPowerPort is opened, and the machine on which it is tested. */
export interface PowerOpener {
  readonly open: () => PolledPowerPort & AsyncDisposable
  readonly startMachine: () => Promise<PowerMachine>
}

/** Registers the tests. */
export function powerConformance(test: TestFn, { open, startMachine }: PowerOpener): void {
  test('power state is read as it is, also after it changes', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    t.is(await power.read(machine.settings), 'on')
    t.true(power.sessions.isKept(machine.settings))
    await machine.setPower('off')
    t.is(await power.read(machine.settings), 'off')
  })

  test('power-off is read back as off, and may be repeated', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    await power.off(machine.settings)
    t.is(await power.read(machine.settings), 'off')
    await power.off(machine.settings)
    t.is(await machine.power(), 'off')
  })

  test('wrong password and wrong user are misconfigured, and the right ones then work at once', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    const password = new Secret('wrong-password')
    const wrong = [
      { ...machine.settings, password },
      { ...machine.settings, username: 'nobody' },
    ]
    for (const settings of wrong) {
      await t.throwsAsync(power.read(settings), code('POWER_MISCONFIGURED'))
      const error = await t.throwsAsync(power.off(settings), code('POWER_MISCONFIGURED'))
      t.notRegex(String(error), /wrong-password/)
    }
    t.is(await power.read(machine.settings), 'on')
  })

  test('dead BMC is unreachable for reads and for power-off', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    await machine.kill()
    const answers = [power.off(machine.settings), power.read(machine.settings)]
    for (const answer of answers) await t.throwsAsync(answer, code('POWER_UNREACHABLE'))
  })

  test('frozen BMC is unreachable, and readable again when it thaws', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    t.is(await power.read(machine.settings), 'on')
    machine.freeze()
    await t.throwsAsync(power.read(machine.settings), code('POWER_UNREACHABLE'))
    machine.thaw()
    t.is(await power.read(machine.settings), 'on')
  })

  test('power-off that is lost in a session is unreachable, and works when the BMC answers again', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    t.is(await power.read(machine.settings), 'on')
    machine.fallSilent('order')
    await t.throwsAsync(power.off(machine.settings), code('POWER_UNREACHABLE'))
    await t.throwsAsync(power.read(machine.settings), code('POWER_UNREACHABLE'))
    t.is(await machine.power(), 'on')
    machine.mend()
    t.is(await power.read(machine.settings), 'on')
    await power.off(machine.settings)
    t.is(await power.read(machine.settings), 'off')
  })

  test('power-off whose answer is lost in a session is unreachable, and is read back as off', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    t.is(await power.read(machine.settings), 'on')
    machine.fallSilent('answer')
    await t.throwsAsync(power.off(machine.settings), code('POWER_UNREACHABLE'))
    await t.throwsAsync(power.read(machine.settings), code('POWER_UNREACHABLE'))
    machine.mend()
    t.is(await power.read(machine.settings), 'off')
    t.is(await machine.power(), 'off')
  })

  test('read survives the loss of the session', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    t.is(await power.read(machine.settings), 'on')
    await machine.restart()
    t.is(await power.read(machine.settings), 'on')
  })

  test('lying BMC accepts power-off and is read back as on', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    await machine.setTemper('lie')
    await power.off(machine.settings)
    t.is(await power.read(machine.settings), 'on')
  })

  test('refused power-off is a failed command, and works when the BMC obeys again', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    await machine.setTemper('refuse')
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await t.throwsAsync(power.off(machine.settings), code('POWER_COMMAND_FAILED'))
    }
    t.is(await power.read(machine.settings), 'on')
    await machine.setTemper('obey')
    await power.off(machine.settings)
    t.is(await power.read(machine.settings), 'off')
  })

  test('abort ends the wait at once with its reason', async (t) => {
    await using machine = await startMachine()
    await using power = open()
    machine.freeze()
    const abort = new AbortController()
    const answers = [
      power.off(machine.settings, abort.signal),
      power.read(machine.settings, abort.signal),
    ]
    abort.abort(new Error('no longer wanted'))
    for (const answer of answers) await t.throwsAsync(answer, { message: 'no longer wanted' })
    await t.throwsAsync(power.read(machine.settings, abort.signal), { message: 'no longer wanted' })
    machine.thaw()
  })
}

const code = (expected: ErrorCode): { readonly code: ErrorCode } => ({ code: expected })
