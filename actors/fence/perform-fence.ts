/** Carries out the fence's effects on the BMC and the store. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { BmcSettings } from '../../schema/control-attributes.ts'
import type { DeathCertificate } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type AnyDefinition } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import { withIntent, type Acting } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { PowerPort } from '../ports/power.ts'
import { certify } from './death-certificate.ts'
import {
  fence,
  type FenceEffect,
  type FenceMessage,
  type FenceOrder,
  type FenceState,
  type FenceTiming,
} from './fence.ts'

export interface FenceWorld extends Acting {
  readonly clock: ClockPort
  readonly power: PowerPort
  readonly announcer: Announcer
  readonly timing: FenceTiming
}

/** What a fence is started with. `bmc` is undefined when the host is registered without one. */
export interface FenceArgument extends FenceOrder {
  readonly bmc: BmcSettings | undefined
}

/** The actor that fences one host for one recovery. */
export function defineFence(world: FenceWorld, argument: FenceArgument): AnyDefinition {
  return define<FenceState, FenceMessage, FenceEffect>({
    initial: { kind: 'idle' },
    behaviour: fence(argument, world.timing),
    first: { type: 'fence.begin' },
    policy: LEAF,
    perform: (effect, signal) => performFence(world, argument, effect, signal),
  })
}

async function performFence(
  world: FenceWorld,
  order: FenceArgument,
  effect: FenceEffect,
  signal: AbortSignal,
): Promise<FenceMessage> {
  switch (effect.type) {
    case 'power.read':
      return powerCall(order, async (bmc) => ({
        type: 'fence.power-read',
        power: await world.power.read(bmc, signal),
      }))
    case 'power.off':
      return powerCall(order, (bmc) => powerOff(world, order, bmc, signal))
    case 'certificate.save': {
      const certificate = certify(order, effect.ground, world.clock.wallMs())
      await untilStored(world.clock, signal, () => world.store.saveCertificate(certificate))
      announceFenced(world, order, certificate)
      return { type: 'fence.certified', certificate }
    }
    default:
      return assertNever(effect)
  }
}

function announceFenced(
  { announcer }: FenceWorld,
  { notification, hostName: host }: FenceArgument,
  { ground, evidence }: DeathCertificate,
): void {
  announcer.announce('recovery.stepped', {
    notification,
    host,
    step: 'fenced',
    reason: ground,
    evidence: [...evidence],
  })
}

async function powerOff(
  world: FenceWorld,
  order: FenceArgument,
  bmc: BmcSettings,
  signal: AbortSignal,
): Promise<FenceMessage> {
  const { notification, hostName, epoch } = order
  const entry = {
    notification,
    step: 'power-off',
    subject: hostName,
    detail: `power off through the BMC at ${bmc.address}`,
  }
  const deed = await untilStored(world.clock, signal, () =>
    withIntent(world, epoch, entry, () => world.power.off(bmc, signal)),
  )
  return deed.kind === 'refused'
    ? { type: 'fence.forbidden', reason: deed.reason }
    : { type: 'fence.power-off-ordered' }
}

async function powerCall(
  order: FenceArgument,
  call: (bmc: BmcSettings) => Promise<FenceMessage>,
): Promise<FenceMessage> {
  if (order.bmc === undefined) {
    const reason = `${order.hostName} has no IPMI settings in its control_attributes`
    return { type: 'fence.power-failed', reason, hopeless: true }
  }
  try {
    return await call(order.bmc)
  } catch (error) {
    if (
      !isCoded(
        error,
        'POWER_UNREACHABLE',
        'POWER_MISCONFIGURED',
        'POWER_COMMAND_FAILED',
        'POWER_UNAVAILABLE',
      )
    ) {
      throw error
    }
    const hopeless = isCoded(error, 'POWER_MISCONFIGURED', 'POWER_UNAVAILABLE')
    return { type: 'fence.power-failed', reason: describeError(error), hopeless }
  }
}
