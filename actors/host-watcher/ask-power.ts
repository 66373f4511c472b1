/** The power channel: asks a host's BMC for the chassis power, over the protocol of its settings. */
import type { BmcSettings } from '../../schema/control-attributes.ts'
import { describeError, isCoded } from '../../schema/errors.ts'
import { isPowerTrouble, type PolledPowerPort } from '../ports/power.ts'
import type { Shown } from './host-watcher.ts'

const WAYS = { ipmi: 'over IPMI', redfish: 'over Redfish' } as const satisfies Readonly<
  Record<BmcSettings['kind'], string>
>

/** What the BMC shows, with the protocol in its detail. */
export async function askPower(
  power: Pick<PolledPowerPort, 'read' | 'sessions'>,
  settings: BmcSettings | undefined,
  signal: AbortSignal,
): Promise<Shown> {
  const channel = 'power'
  if (settings === undefined) {
    return { channel, sign: 'misconfigured', detail: 'no settings of a BMC', session: 'closed' }
  }
  const way = WAYS[settings.kind]
  try {
    const sign = await power.read(settings, signal)
    const session = power.sessions.isKept(settings) ? 'kept' : 'closed'
    return { channel, sign, detail: `chassis power is ${sign}, read ${way}`, session }
  } catch (error) {
    if (!isPowerTrouble(error) && !isCoded(error, 'ACTOR_STOPPED')) throw error
    const sign = error.retryable ? 'silent' : 'misconfigured'
    return { channel, sign, detail: `${way}: ${describeError(error)}`, session: 'kept' }
  }
}
