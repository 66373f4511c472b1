/** Performs the effects of a fence on the BMC and the store. */
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import type { WireBody } from '../../schema/messages/catalogue.ts'
import type { DeathCertificate } from '../../schema/records.ts'
import type { SshSettings } from '../../schema/control-attributes.ts'
import { isBmcRung } from '../../schema/segment-policy.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import { withIntent, type Acting } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { OperatorStore } from '../ports/operator-store.ts'
import { isPowerTrouble, type PowerState } from '../ports/power.ts'
import type { NotificationStore, RecoveryStore } from '../ports/store.ts'
import { approvedBy, confirmedBy, quoteOf } from '../policy/operator-command.ts'
import { certify } from './death-certificate.ts'
import { deviceOf, type FenceTarget, type FenceDevice, type DevicePorts } from './devices.ts'
import type { Contradictions } from '../verification/contradictions.ts'
import type { DomainBook } from '../verification/domain-book.ts'
import { LOOK_VALID_MS, isLife, type Look } from '../verification/look.ts'
import { lookAtHost, type LookWorld } from '../verification/look-at-host.ts'
import type { OwnLook } from './guarded-action.ts'
import type { PowerRechecks } from './power-recheck.ts'
import { explained, type ExplainedState } from './climb-reason.ts'
import { fence } from './fence.ts'
import type { FenceEffect, FenceMessage, FenceOrder, FenceTiming } from './fence-messages.ts'

export interface FenceWorld extends Acting, DevicePorts, LookWorld {
  readonly clock: ClockPort
  readonly store: RecoveryStore & OperatorStore & Pick<NotificationStore, 'listJournal'>
  readonly domains: Pick<DomainBook, 'judge'>
  readonly announcer: Announcer
  readonly timing: FenceTiming
  /** Shared with the actors that act on the death. */
  readonly powerRechecks: PowerRechecks
  readonly contradictions: Contradictions
  /** Tells the listeners of observations that the leader itself has seen the host alive. */
  readonly tellLook: (host: FenceOrder['host'], look: Look) => void
}

/** The argument of a fence. */
export interface FenceArgument extends FenceOrder, FenceTarget {
  readonly ssh: SshSettings | undefined
  /** When the report was stored, wall ms. */
  readonly reportedAt: number
  /** Whether a client of the API says that the cluster of the host has lost it. */
  readonly isVouchedFor: boolean
}

/** The actor that fences one host for one recovery. */
export function defineFence(world: FenceWorld, argument: FenceArgument): Definition<FenceMessage> {
  const latest: Fencing['latest'] = { power: undefined }
  return define<ExplainedState, FenceMessage, FenceEffect>({
    initial: { kind: 'idle' },
    behaviour: explained(argument, fence(argument, world.timing)),
    first: { type: 'fence.begin' },
    policy: SUPERVISION.fence,
    perform: (effect, signal) => performFence({ world, order: argument, latest, signal }, effect),
  })
}

interface Fencing {
  readonly world: FenceWorld
  readonly order: FenceArgument
  /** What a rung has read since the latest look began. */
  readonly latest: { power: PowerState | undefined }
  readonly signal: AbortSignal
}

async function performFence(
  fencing: Fencing,
  effect: FenceEffect,
): Promise<FenceMessage | undefined> {
  switch (effect.type) {
    case 'host.look':
      return { type: 'fence.looked', look: await look(fencing, effect) }
    case 'rung.read':
      return pull(fencing, effect.rung, async (device) => {
        const power = await device.read(fencing.signal)
        fencing.latest.power = power
        return { type: 'fence.power-read', rung: effect.rung, power }
      })
    case 'rung.off':
      return pull(fencing, effect.rung, (device) => powerOff(fencing, effect, device))
    case 'rung.spent':
      await noteSpent(fencing, effect.reason)
      return undefined
    case 'certificate.save':
      return { type: 'fence.certified', certificate: await save(fencing, effect) }
    default:
      return assertNever(effect)
  }
}

/** The device of a rung of this order. */
function deviceAt({ world, order }: Fencing, index: number): FenceDevice {
  const rung = order.rungs[index]
  if (rung === undefined) throw new RangeError(`the fence plan has no rung ${index}`)
  return deviceOf(world, order, rung)
}

/**
 * Calls a device. A refusal of the device is an answer; while the store does not answer, the call
 * is repeated.
 */
async function pull(
  fencing: Fencing,
  rung: number,
  call: (device: FenceDevice) => Promise<FenceMessage>,
): Promise<FenceMessage> {
  const { world, signal } = fencing
  try {
    return await untilStored(world.clock, signal, () => call(deviceAt(fencing, rung)))
  } catch (error) {
    if (!isPowerTrouble(error)) throw error
    const hopeless = isCoded(error, 'POWER_MISCONFIGURED', 'POWER_UNAVAILABLE')
    return { type: 'fence.power-failed', rung, reason: describeError(error), hopeless }
  }
}

/**
 * Looks at the host. When it is seen alive although it was reported dead, this is counted, logged
 * and told to the listeners.
 */
async function look(
  { world, order, latest, signal }: Fencing,
  { besides, isOrdered }: FenceEffect & { readonly type: 'host.look' },
): Promise<Look> {
  const { host, hostName, notification } = order
  const other = order.rungs[besides]
  const bmc = other !== undefined && isBmcRung(other) ? undefined : order.bmcs[0]
  latest.power = undefined
  const powerRead = (): PowerState | undefined => latest.power
  const seen = await lookAtHost(world, { ...order, bmc, powerRead, isOrdered }, signal)
  if (isLife(seen)) {
    world.tellLook(host, seen)
    const fields = { host: hostName, notification, reason: seen.reason, reported: order.evidence }
    world.contradictions.note(fields, 'a host that is reported dead is seen alive by the leader')
  }
  return seen
}

/**
 * The last check before the order. When the store did not answer for some time, or the process
 * stood still, the look is too old and no order is given.
 */
function mustBeYoung({ clock }: FenceWorld, look: OwnLook): void {
  const isYoung = 'atMs' in look && clock.monotonicMs() - look.atMs <= LOOK_VALID_MS
  if (isYoung) return
  throw new CodedError('POWER_COMMAND_FAILED', 'the host was not looked at just before the order')
}

async function powerOff(
  fencing: Fencing,
  { rung, look }: FenceEffect & { readonly type: 'rung.off' },
  device: FenceDevice,
): Promise<FenceMessage> {
  const { world, order, signal } = fencing
  const { notification, hostName, epoch } = order
  const cut = await untilStored(world.clock, signal, () => objectionOfCut(fencing))
  if (cut !== undefined) return { type: 'fence.forbidden', reason: cut }
  const entry = {
    notification,
    step: 'power-off',
    subject: hostName,
    detail: [`power off through ${device.channel}`, ...evidenceOf(look)].join('; '),
  }
  const result = await withIntent(world, epoch, entry, () => {
    mustBeYoung(world, look)
    return device.off(signal)
  })
  return result.kind === 'refused'
    ? { type: 'fence.forbidden', reason: result.reason }
    : { type: 'fence.power-off-ordered', rung }
}

/**
 * Hosts that fail together may be noticed some seconds apart. What is known by now may show that only the link to them is cut, or
 * that we are blind. An order that was given, and an operator who knows better, are not questioned.
 */
async function objectionOfCut({ world, order }: Fencing): Promise<string | undefined> {
  const cut = world.domains.judge(order.host)
  if (cut.kind !== 'link-cut' && cut.kind !== 'blind') return undefined
  const commands = await world.store.listCommands(order.notification)
  if ((approvedBy(commands) ?? confirmedBy(commands)) !== undefined) return undefined
  const journal = await world.store.listJournal(order.notification)
  const isOrdered = journal.some(({ kind, step }) => kind === 'intent' && step === 'power-off')
  return isOrdered ? undefined : cut.reason
}

const evidenceOf = (look: OwnLook): readonly string[] => ('evidence' in look ? look.evidence : [])

/** Records why a rung failed, for the operators who may have to act (promise L3). */
async function noteSpent({ world, order, signal }: Fencing, reason: string): Promise<void> {
  const { notification, hostName, epoch } = order
  const entry = { notification, kind: 'decision', step: 'fence', subject: hostName } as const
  await untilStored(world.clock, signal, () =>
    world.store.appendJournal(epoch, { ...entry, detail: reason }),
  )
  announce(world, order, { step: 'fence', reason, evidence: [] })
}

/** The operator commands that confirm the death, as a text. */
async function confirmation({ world, order, signal }: Fencing): Promise<string> {
  const commands = await untilStored(world.clock, signal, () =>
    world.store.listCommands(order.notification),
  )
  const command = confirmedBy(commands)
  return command === undefined ? 'no commands are left' : quoteOf(command)
}

async function save(
  fencing: Fencing,
  { ground, rung, before, look }: FenceEffect & { readonly type: 'certificate.save' },
): Promise<DeathCertificate> {
  const { world, order, signal } = fencing
  const device = rung === null ? undefined : deviceAt(fencing, rung)
  if (device === undefined || ground === 'operator') world.powerRechecks.end(order.host)
  else world.powerRechecks.keep(order.host, device, world.clock.monotonicMs())
  const witness = ground === 'operator' ? await confirmation(fencing) : (device?.witness ?? '')
  const evidence = [...order.evidence, ...evidenceOf(look)]
  const certificate = certify(
    { ...order, evidence },
    {
      ground,
      witness,
      before,
      issuedAt: world.clock.wallMs(),
    },
  )
  await untilStored(world.clock, signal, () => world.store.saveCertificate(certificate))
  announce(world, order, { step: 'fenced', reason: ground, evidence: [...certificate.evidence] })
  return certificate
}

function announce(
  { announcer }: FenceWorld,
  { notification, hostName: host }: FenceArgument,
  what: Pick<WireBody<'recovery.stepped'>, 'step' | 'reason' | 'evidence'>,
): void {
  announcer.announce('recovery.stepped', { notification, host, ...what })
}
