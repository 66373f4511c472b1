/** Carries out the fence's effects on the BMC and the store. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { DeathCertificate } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type AnyDefinition } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import { withIntent, type Acting } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { OperatorStore } from '../ports/operator-store.ts'
import type { RecoveryStore } from '../ports/store.ts'
import { confirmedBy, quoteOf } from '../segment/operator-word.ts'
import { certify } from './death-certificate.ts'
import { isPowerTrouble, leverOf, type FenceTarget, type Lever, type LeverPorts } from './levers.ts'
import type { Vigils } from './vigils.ts'
import {
  fence,
  type FenceEffect,
  type FenceMessage,
  type FenceOrder,
  type FenceState,
  type FenceTiming,
} from './fence.ts'

export interface FenceWorld extends Acting, LeverPorts {
  readonly clock: ClockPort
  readonly store: RecoveryStore & OperatorStore
  readonly announcer: Announcer
  readonly timing: FenceTiming
  /** Shared with those who act on the death. */
  readonly vigils: Vigils
}

/** What a fence is started with. */
export interface FenceArgument extends FenceOrder, FenceTarget {}

/** The actor that fences one host for one recovery. */
export function defineFence(world: FenceWorld, argument: FenceArgument): AnyDefinition {
  return define<FenceState, FenceMessage, FenceEffect>({
    initial: { kind: 'idle' },
    behaviour: fence(argument, world.timing),
    first: { type: 'fence.begin' },
    policy: LEAF,
    perform: (effect, signal) => performFence({ world, order: argument, signal }, effect),
  })
}

interface Fencing {
  readonly world: FenceWorld
  readonly order: FenceArgument
  readonly signal: AbortSignal
}

async function performFence(
  fencing: Fencing,
  effect: FenceEffect,
): Promise<FenceMessage | undefined> {
  switch (effect.type) {
    case 'rung.read':
      return pull(fencing, effect.rung, async (lever) => ({
        type: 'fence.power-read',
        rung: effect.rung,
        power: await lever.read(fencing.signal),
      }))
    case 'rung.off':
      return pull(fencing, effect.rung, (lever) => powerOff(fencing, effect.rung, lever))
    case 'rung.spent':
      await noteSpent(fencing, effect.reason)
      return undefined
    case 'certificate.save':
      return { type: 'fence.certified', certificate: await save(fencing, effect) }
    default:
      return assertNever(effect)
  }
}

/** The lever of a rung of this order. */
function leverAt({ world, order }: Fencing, index: number): Lever {
  const rung = order.rungs[index]
  if (rung === undefined) throw new RangeError(`the fence plan has no rung ${index}`)
  return leverOf(world, order, rung)
}

/** Pulls a lever; what the other end refuses is an answer, what the store throws is waited out. */
async function pull(
  fencing: Fencing,
  rung: number,
  call: (lever: Lever) => Promise<FenceMessage>,
): Promise<FenceMessage> {
  const { world, signal } = fencing
  try {
    return await untilStored(world.clock, signal, () => call(leverAt(fencing, rung)))
  } catch (error) {
    if (!isPowerTrouble(error)) throw error
    const hopeless = isCoded(error, 'POWER_MISCONFIGURED', 'POWER_UNAVAILABLE')
    return { type: 'fence.power-failed', rung, reason: describeError(error), hopeless }
  }
}

async function powerOff(fencing: Fencing, rung: number, lever: Lever): Promise<FenceMessage> {
  const { world, order, signal } = fencing
  const { notification, hostName, epoch } = order
  const entry = {
    notification,
    step: 'power-off',
    subject: hostName,
    detail: `power off through ${lever.channel}`,
  }
  const deed = await withIntent(world, epoch, entry, () => lever.off(signal))
  return deed.kind === 'refused'
    ? { type: 'fence.forbidden', reason: deed.reason }
    : { type: 'fence.power-off-ordered', rung }
}

/** A rung that could not help says so, for people who may have to (design L3). */
async function noteSpent({ world, order, signal }: Fencing, reason: string): Promise<void> {
  const { notification, hostName, epoch } = order
  const entry = { notification, kind: 'decision', step: 'fence', subject: hostName } as const
  await untilStored(world.clock, signal, () =>
    world.store.appendJournal(epoch, { ...entry, detail: reason }),
  )
  announce(world, order, { step: 'fence', reason, evidence: [] })
}

/** The words that make an operator answer for it. */
async function confirmation({ world, order, signal }: Fencing): Promise<string> {
  const words = await untilStored(world.clock, signal, () =>
    world.store.listWords(order.notification),
  )
  const word = confirmedBy(words)
  return word === undefined ? 'no words are left' : quoteOf(word)
}

async function save(
  fencing: Fencing,
  { ground, rung, before }: FenceEffect & { readonly type: 'certificate.save' },
): Promise<DeathCertificate> {
  const { world, order, signal } = fencing
  const lever = rung === null ? undefined : leverAt(fencing, rung)
  if (lever === undefined || ground === 'operator') world.vigils.end(order.host)
  else world.vigils.keep(order.host, lever, world.clock.monotonicMs())
  const witness = ground === 'operator' ? await confirmation(fencing) : (lever?.witness ?? '')
  const certificate = certify(order, {
    ground,
    witness,
    before,
    issuedAt: world.clock.wallMs(),
  })
  await untilStored(world.clock, signal, () => world.store.saveCertificate(certificate))
  const { evidence } = certificate
  announce(world, order, { step: 'fenced', reason: ground, evidence: [...evidence] })
  return certificate
}

function announce(
  { announcer }: FenceWorld,
  { notification, hostName: host }: FenceArgument,
  what: { readonly step: string; readonly reason: string; readonly evidence: string[] },
): void {
  announcer.announce('recovery.stepped', { notification, host, ...what })
}
