/** Power over Redfish from services that obey, lie, freeze and die. */
import test from 'ava'
import { openBmcPower } from '../../../../transports/bmc/power.ts'
import { SystemClock } from '../../../../transports/system/clock.ts'
import { powerConformance, type PowerMachine } from '../../../support/power-conformance.ts'
import { startRedfishBmc } from '../../../support/redfish-bmc.ts'

const clock = new SystemClock()

const open = (): ReturnType<typeof openBmcPower> =>
  openBmcPower({ clock, minimumSpacingMs: 0, commandTimeoutMs: 1500 })

powerConformance(test, { open, startMachine })

async function startMachine(): Promise<PowerMachine> {
  const bmc = await startRedfishBmc()
  return {
    ...bmc,
    power: async () => bmc.power(),
    setPower: async (state) => bmc.setPower(state),
    setTemper: async (temper) => bmc.setTemper(temper),
    fallSilent: (at) => bmc.wire.hold(at === 'order' ? 'there' : 'back'),
    mend: () => bmc.wire.hold('nothing'),
    freeze: () => bmc.wire.hold('both'),
    thaw: () => bmc.wire.hold('nothing'),
  }
}
