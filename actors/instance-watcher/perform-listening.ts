/** Carries out the effects of the guest list and its instance-watchers. */
import type { HostName, InstanceId, NodeName } from '../../schema/ids.ts'
import { isCoded } from '../../schema/errors.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type AnyDefinition } from '../kernel/behaviour.ts'
import { LEAF, SUPERVISOR } from '../kernel/supervision.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { RandomPort } from '../ports/clock.ts'
import type { GuestPort } from '../ports/guest.ts'
import {
  NO_GUESTS,
  guestList,
  type GuestListEffect,
  type GuestListMessage,
  type GuestListState,
} from './guest-list.ts'
import {
  NEW_GUEST,
  instanceWatcher,
  type InstanceWatcherEffect,
  type InstanceWatcherMessage,
  type InstanceWatcherRules,
  type InstanceWatcherState,
} from './instance-watcher.ts'

export interface ListeningWorld {
  readonly node: NodeName
  /** The compute host that this monitor runs on. */
  readonly hostName: HostName
  readonly random: RandomPort
  readonly guest: GuestPort
  readonly announcer: Announcer
  readonly rules: InstanceWatcherRules
}

export function defineGuestList(world: ListeningWorld): AnyDefinition {
  return define<GuestListState, GuestListMessage, GuestListEffect>({
    initial: NO_GUESTS,
    behaviour: guestList(world.rules.intervalMs),
    first: { type: 'guests.begin' },
    policy: SUPERVISOR,
    perform: async () => ({ type: 'guests.listed', guests: await world.guest.list() }),
  })
}

export function defineInstanceWatcher(world: ListeningWorld, instance: InstanceId): AnyDefinition {
  return define<InstanceWatcherState, InstanceWatcherMessage, InstanceWatcherEffect>({
    initial: NEW_GUEST,
    behaviour: instanceWatcher(world.rules),
    first: { type: 'guest.begin' },
    policy: LEAF,
    perform: (effect) => performListening(world, instance, effect),
  })
}

async function performListening(
  world: ListeningWorld,
  instance: InstanceId,
  effect: InstanceWatcherEffect,
): Promise<InstanceWatcherMessage | undefined> {
  switch (effect.type) {
    case 'guest.ask':
      return {
        type: 'guest.heard',
        sign: await world.guest.heartbeat(instance, world.rules.timeoutMs),
      }
    case 'guest.report':
      await report(world, instance, effect.missed)
      return undefined
    default:
      return assertNever(effect)
  }
}

/** A report that the bus did not take is made again with the next missed heartbeats. */
async function report(world: ListeningWorld, instance: InstanceId, missed: number): Promise<void> {
  const fault = {
    instance,
    hostName: world.hostName,
    observer: world.node,
    event: 'QEMU_GUEST_AGENT_ERROR',
    domainEvent: 'STOPPED_FAILED',
    evidence: [`${missed} heartbeats missed in a row`],
  }
  try {
    await world.announcer.submit('guest.failed', fault, world.random.uuid())
  } catch (error) {
    if (!isCoded(error, 'BUS_UNAVAILABLE')) throw error
  }
}
