/** Carries out the effects of an instance restart on the Compute API. */
import type { Epoch } from '../../schema/ids.ts'
import { describeError } from '../../schema/errors.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type AnyDefinition } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import { withIntent, type Acting } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { ComputePort } from '../ports/compute.ts'
import { isComputeTrouble } from './evacuating.ts'
import {
  instanceRestart,
  type RestartEffect,
  type RestartMessage,
  type RestartOrder,
  type RestartRules,
  type RestartState,
} from './instance-restart.ts'

export interface RestartWorld extends Acting {
  readonly clock: ClockPort
  readonly compute: ComputePort
  readonly rules: RestartRules
}

export interface RestartArgument extends RestartOrder {
  readonly epoch: Epoch
}

/** The actor that restarts one guest. */
export function defineRestart(world: RestartWorld, order: RestartArgument): AnyDefinition {
  return define<RestartState, RestartMessage, RestartEffect>({
    initial: { kind: 'idle' },
    behaviour: instanceRestart(order, world.rules),
    first: { type: 'restart.begin' },
    policy: LEAF,
    perform: async (effect, signal) => {
      try {
        return await performRestart(world, order, effect, signal)
      } catch (error) {
        if (!isComputeTrouble(error)) throw error
        return { type: 'restart.hindered', reason: describeError(error) }
      }
    },
  })
}

async function performRestart(
  world: RestartWorld,
  order: RestartArgument,
  effect: RestartEffect,
  signal: AbortSignal,
): Promise<RestartMessage> {
  switch (effect.type) {
    case 'instance.read': {
      const instance = await world.compute.getInstance(order.instance, signal)
      return { type: 'restart.read', instance }
    }
    case 'instance.restart': {
      const { notification, instance: subject, epoch } = order
      const entry = { notification, step: 'restart', subject, detail: effect.how }
      const deed = await untilStored(world.clock, signal, () =>
        withIntent(world, epoch, entry, () =>
          effect.how === 'start'
            ? world.compute.start(order.instance, signal)
            : world.compute.hardReboot(order.instance, signal),
        ),
      )
      return deed.kind === 'refused'
        ? { type: 'restart.hindered', reason: deed.reason }
        : { type: 'restart.ordered' }
    }
    default:
      return assertNever(effect)
  }
}
