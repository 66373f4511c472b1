/** Performs the effects of a process recovery on the Compute API. */
import { describeError } from '../../schema/errors.ts'
import type { Epoch } from '../../schema/ids.ts'
import { isComputeTrouble, type ComputePort } from '../ports/compute.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import { withIntent, type Acting } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LedgerStore } from '../ports/ledger.ts'
import type { RecoveryStore } from '../ports/store.ts'
import {
  processRecovery,
  type ProcessOrder,
  type ProcessRecoveryEffect,
  type ProcessRecoveryMessage,
  type ProcessRecoveryRules,
  type ProcessRecoveryState,
} from './process-recovery.ts'

export interface ProcessRecoveryWorld extends Acting {
  readonly store: RecoveryStore & LedgerStore
  readonly clock: ClockPort
  readonly compute: ComputePort
  readonly rules: ProcessRecoveryRules
}

export interface ProcessArgument extends ProcessOrder {
  readonly epoch: Epoch
}

interface Recovering {
  readonly world: ProcessRecoveryWorld
  readonly order: ProcessArgument
  readonly signal: AbortSignal
}

/** The actor that handles one dead nova-compute. */
export function defineProcessRecovery(
  world: ProcessRecoveryWorld,
  order: ProcessArgument,
): Definition<ProcessRecoveryMessage> {
  return define<ProcessRecoveryState, ProcessRecoveryMessage, ProcessRecoveryEffect>({
    initial: { kind: 'idle' },
    behaviour: processRecovery(order, world.rules),
    first: { type: 'process.begin' },
    policy: SUPERVISION['process-recovery'],
    perform: async (effect, signal) => {
      try {
        return await performProcessRecovery({ world, order, signal }, effect)
      } catch (error) {
        if (!isComputeTrouble(error)) throw error
        return { type: 'process.blocked', reason: describeError(error) }
      }
    },
  })
}

async function performProcessRecovery(
  recovering: Recovering,
  effect: ProcessRecoveryEffect,
): Promise<ProcessRecoveryMessage> {
  const { world, order, signal } = recovering
  const { notification, epoch, hostName: subject } = order
  const line = { notification, step: 'disable-service', subject }
  switch (effect.type) {
    case 'service.read':
      return { type: 'process.read', service: await world.compute.findService(subject, signal) }
    case 'service.disable':
      return disable(recovering, effect.service)
    case 'outcome.note': {
      const entry = { ...line, kind: 'outcome', detail: 'nova-compute is disabled' } as const
      await untilStored(world.clock, signal, () => world.store.appendJournal(epoch, entry))
      return { type: 'process.noted' }
    }
    default:
      return assertNever(effect)
  }
}

/**
 * Recorded in the ledger first: what is there is enabled again, when nova-compute sends heartbeats
 * and the service was not disabled by someone else since then.
 */
async function disable(
  { world, order, signal }: Recovering,
  service: string,
): Promise<ProcessRecoveryMessage> {
  const { notification, epoch, host, hostName: subject } = order
  const { disableReason } = world.rules
  const change = { notification, kind: 'process', host, subject: disableReason } as const
  const entry = { notification, step: 'disable-service', subject, detail: disableReason }
  const result = await untilStored(world.clock, signal, async () => {
    await world.store.recordChange(epoch, change)
    return withIntent(world, epoch, entry, () =>
      world.compute.disable(service, disableReason, signal),
    )
  })
  return result.kind === 'refused'
    ? { type: 'process.forbidden', reason: result.reason }
    : { type: 'process.disabled' }
}
