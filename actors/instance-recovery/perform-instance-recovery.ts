/** Performs the effects of an instance recovery on the Compute API. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Epoch } from '../../schema/ids.ts'
import { isComputeTrouble, type ComputePort, type GuestDiagnostics } from '../ports/compute.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import { withIntent, type Acting } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { sleep, type ClockPort } from '../ports/clock.ts'
import type { NotificationStore, RecoveryStore } from '../ports/store.ts'
import {
  instanceRecovery,
  type InstanceOrder,
  type InstanceRecoveryEffect,
  type InstanceRecoveryMessage,
  type InstanceRecoveryRules,
  type InstanceRecoveryState,
} from './instance-recovery.ts'
import { LOOKS_APART_MS, refutation, runs } from './refutation.ts'
import type { Contradictions } from '../verification/contradictions.ts'
import { RUNGS, type Examination, type RestartRung, type RungOrder } from './ladder.ts'

export interface InstanceRecoveryWorld extends Acting {
  readonly store: NotificationStore & RecoveryStore
  readonly clock: ClockPort
  readonly compute: ComputePort
  readonly contradictions: Contradictions
  readonly rules: InstanceRecoveryRules
}

export interface InstanceArgument extends InstanceOrder {
  readonly epoch: Epoch
}

interface Recovering {
  readonly world: InstanceRecoveryWorld
  readonly order: InstanceArgument
  readonly signal: AbortSignal
}

/** The actor that recovers one guest. */
export function defineInstanceRecovery(
  world: InstanceRecoveryWorld,
  order: InstanceArgument,
): Definition<InstanceRecoveryMessage> {
  return define<InstanceRecoveryState, InstanceRecoveryMessage, InstanceRecoveryEffect>({
    initial: { kind: 'idle' },
    behaviour: instanceRecovery(order, world.rules),
    first: { type: 'instance.begin' },
    policy: SUPERVISION['instance-recovery'],
    perform: async (effect, signal) => {
      try {
        return await performInstanceRecovery({ world, order, signal }, effect)
      } catch (error) {
        if (!isComputeTrouble(error)) throw error
        return { type: 'instance.blocked', reason: describeError(error) }
      }
    },
  })
}

async function performInstanceRecovery(
  recovering: Recovering,
  effect: InstanceRecoveryEffect,
): Promise<InstanceRecoveryMessage> {
  const { world, order, signal } = recovering
  switch (effect.type) {
    case 'instance.examine':
      return { type: 'instance.examined', examination: await examine(recovering) }
    case 'instance.verify':
      return { type: 'instance.verified', refutation: await verify(recovering) }
    case 'instance.look': {
      const instance = await world.compute.getInstance(order.instance, signal)
      return { type: 'instance.seen', instance }
    }
    case 'instance.restart':
      return restart(recovering, effect.rung)
    case 'instance.note-running': {
      const { notification, instance: subject, epoch } = order
      const detail = 'the instance runs again'
      const entry = { notification, kind: 'outcome', step: 'restart', subject, detail } as const
      await untilStored(world.clock, signal, () => world.store.appendJournal(epoch, entry))
      return { type: 'instance.noted' }
    }
    default:
      return assertNever(effect)
  }
}

/** Reads what the hypervisor says about the guest, and always records it. */
async function verify(recovering: Recovering): Promise<string | undefined> {
  const { world, order, signal } = recovering
  const { notification, instance: subject, epoch, fault } = order
  const looks = await lookTwice(recovering)
  const [before, after] = looks.seen
  const refuted =
    before === undefined || after === undefined ? undefined : refutation(fault, before, after)
  const detail = refuted ?? looks.detail
  const entry = { notification, kind: 'evidence', step: 'verify', subject, detail } as const
  await untilStored(world.clock, signal, () => world.store.appendJournal(epoch, entry))
  if (refuted !== undefined) {
    const fields = { instance: subject, host: order.host, notification, reason: refuted }
    world.contradictions.note(fields, 'a report about a guest is refuted by its hypervisor')
  }
  return refuted
}

interface Looks {
  readonly seen: readonly GuestDiagnostics[]
  readonly detail: string
}

async function lookTwice({ world, order, signal }: Recovering): Promise<Looks> {
  const { compute, clock } = world
  try {
    const before = await compute.readDiagnostics(order.instance, signal)
    const detail = `its hypervisor calls it ${before.state}`
    if (!runs(before)) return { seen: [before], detail }
    await sleep(clock, LOOKS_APART_MS)
    const after = await compute.readDiagnostics(order.instance, signal)
    return { seen: [before, after], detail: `${detail}, and nothing refutes the report` }
  } catch (error) {
    if (!isCoded(error, 'COMPUTE_REFUSED', 'COMPUTE_NOT_FOUND')) throw error
    return { seen: [], detail: `its hypervisor tells nothing of it: ${describeError(error)}` }
  }
}

async function examine({ world, order, signal }: Recovering): Promise<Examination> {
  const { store, compute, clock } = world
  const lines = await untilStored(clock, signal, () => store.listJournal(order.notification))
  const instance = await compute.getInstance(order.instance, signal)
  const actions = instance === undefined ? [] : await compute.listActions(order.instance, signal)
  const orders = lines.flatMap(({ kind, step, detail, at, run }): readonly RungOrder[] => {
    const rung = RUNGS.find((known) => known === detail)
    return kind === 'intent' && step === 'restart' && rung !== undefined ? [{ rung, at, run }] : []
  })
  return { instance, actions, orders }
}

async function restart(
  { world, order, signal }: Recovering,
  rung: RestartRung,
): Promise<InstanceRecoveryMessage> {
  const { notification, instance: subject, epoch } = order
  const entry = { notification, step: 'restart', subject, detail: rung }
  const result = await untilStored(world.clock, signal, () =>
    withIntent(world, epoch, entry, () => climb(world.compute, order, rung, signal)),
  )
  return result.kind === 'refused'
    ? { type: 'instance.forbidden', reason: result.reason }
    : { type: 'instance.ordered' }
}

function climb(
  compute: ComputePort,
  { instance }: InstanceArgument,
  rung: RestartRung,
  signal: AbortSignal,
): Promise<void> {
  switch (rung) {
    case 'start':
      return compute.start(instance, signal)
    case 'hard-reboot':
      return compute.hardReboot(instance, signal)
    case 'rebuild':
      return compute.rebuild(instance, signal)
    default:
      return assertNever(rung)
  }
}
