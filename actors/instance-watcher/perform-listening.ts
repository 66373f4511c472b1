/** Carries out the effects of the guest list and its instance-watchers. */
import type { HostName, NodeName } from '../../schema/ids.ts'
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
  type Guest,
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
  /** The compute hosts that this process listens on: its own one, or all of a simulated cloud. */
  readonly guests: ReadonlyMap<HostName, GuestPort>
  readonly random: RandomPort
  readonly announcer: Announcer
  readonly rules: InstanceWatcherRules
}

/** The actor that lists the guests of one host. */
export function defineGuestList(world: ListeningWorld, host: HostName): AnyDefinition {
  return define<GuestListState, GuestListMessage, GuestListEffect>({
    initial: NO_GUESTS,
    behaviour: guestList(host, world.rules.intervalMs),
    first: { type: 'guests.begin' },
    policy: SUPERVISOR,
    perform: async () => ({ type: 'guests.listed', guests: await guestPort(world, host).list() }),
  })
}

function guestPort(world: ListeningWorld, host: HostName): GuestPort {
  const port = world.guests.get(host)
  if (port === undefined) throw new RangeError(`this process does not run on ${host}`)
  return port
}

/** The actor that listens to one guest. */
export function defineInstanceWatcher(world: ListeningWorld, guest: Guest): AnyDefinition {
  return define<InstanceWatcherState, InstanceWatcherMessage, InstanceWatcherEffect>({
    initial: NEW_GUEST,
    behaviour: instanceWatcher(world.rules),
    first: { type: 'guest.begin' },
    policy: LEAF,
    perform: (effect) => performListening(world, guest, effect),
  })
}

async function performListening(
  world: ListeningWorld,
  guest: Guest,
  effect: InstanceWatcherEffect,
): Promise<InstanceWatcherMessage | undefined> {
  switch (effect.type) {
    case 'guest.ask':
      return {
        type: 'guest.heard',
        sign: await guestPort(world, guest.host).heartbeat(guest.instance, world.rules.timeoutMs),
      }
    case 'guest.report':
      await report(world, guest, effect.missed)
      return undefined
    default:
      return assertNever(effect)
  }
}

/** A report that the bus did not take is made again with the next missed heartbeats. */
async function report(
  world: ListeningWorld,
  { host, instance }: Guest,
  missed: number,
): Promise<void> {
  const fault = {
    instance,
    hostName: host,
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
