/** The promises of every FenceAgentPort: registers the tests for one kind of programs. */
import type { TestFn } from 'ava'
import type { FenceAgentPort, FenceProgram } from '../../actors/ports/fence-agent.ts'
import { Secret } from '../../schema/control-attributes.ts'

/** A host and the one program that may act on it. */
export interface FenceDevice extends AsyncDisposable {
  readonly port: FenceAgentPort
  readonly program: FenceProgram
  /**
   * broken: always ends with 2, as with a syntax error; stuck: always prints off and ends with 2.
   */
  setMood(mood: 'well' | 'silent' | 'broken' | 'stuck'): Promise<void>
}

/** Registers the tests. Each gets a device whose host is on. */
export function fenceAgentConformance(
  test: TestFn,
  start: (kind: FenceProgram['kind']) => Promise<FenceDevice>,
): void {
  for (const kind of ['agent', 'command'] as const) {
    test(`${kind}: a state is read as it is, and an order is read back and may be repeated`, async (t) => {
      await using device = await start(kind)
      const { port, program } = device
      t.is(await port.read(program), 'on')
      await port.off(program)
      t.is(await port.read(program), 'off')
      await port.off(program)
      t.is(await port.read(program), 'off')
    })

    test(`${kind}: a broken program neither reads nor orders, and changes nothing`, async (t) => {
      await using device = await start(kind)
      const { port, program } = device
      await device.setMood('broken')
      await t.throwsAsync(port.read(program), { code: 'POWER_COMMAND_FAILED' })
      await t.throwsAsync(port.off(program), { code: 'POWER_COMMAND_FAILED' })
      await device.setMood('well')
      t.is(await port.read(program), 'on')
    })

    test(`${kind}: a program that always reads off carries out no order`, async (t) => {
      await using device = await start(kind)
      const { port, program } = device
      await device.setMood('stuck')
      t.is(await port.read(program), 'off')
      await t.throwsAsync(port.off(program), { code: 'POWER_COMMAND_FAILED' })
      await device.setMood('well')
      t.is(await port.read(program), 'on')
    })

    test(`${kind}: a silent program is ended at its time limit`, async (t) => {
      await using device = await start(kind)
      const { port, program } = device
      await device.setMood('silent')
      const hasty = { ...program, timeoutMs: 1000 }
      await t.throwsAsync(port.read(hasty), { code: 'POWER_UNREACHABLE' })
      await t.throwsAsync(port.off(hasty), { code: 'POWER_UNREACHABLE' })
    })

    test(`${kind}: an option of more than one line is refused`, async (t) => {
      await using device = await start(kind)
      const { port, program } = device
      const options = new Map([['plug', new Secret('1\naction=on')]])
      const refused = { code: 'POWER_MISCONFIGURED' }
      await t.throwsAsync(port.off({ ...program, options }), refused)
      await t.throwsAsync(port.read({ ...program, options }), refused)
      t.is(await port.read(program), 'on')
    })
  }
}
