/** Carries out the effects of an instance-watcher. */
import type { HostName, NodeName } from '../../schema/ids.ts'
import { isCoded } from '../../schema/errors.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { RandomPort } from '../ports/clock.ts'
import type { GuestPort } from '../ports/guest.ts'
import {
  NO_GUESTS,
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

/** The actor that listens to the guests of one host. */
export function defineInstanceWatcher(
  world: ListeningWorld,
  host: HostName,
): Definition<InstanceWatcherMessage> {
  return define<InstanceWatcherState, InstanceWatcherMessage, InstanceWatcherEffect>({
    initial: NO_GUESTS,
    behaviour: instanceWatcher(world.rules),
    first: { type: 'guests.begin' },
    policy: LEAF,
    perform: (effect) => performListening(world, host, effect),
  })
}

async function performListening(
  world: ListeningWorld,
  host: HostName,
  effect: InstanceWatcherEffect,
): Promise<InstanceWatcherMessage | undefined> {
  switch (effect.type) {
    case 'guests.ask': {
      const signs = await guestPort(world, host).heartbeats(world.rules.timeoutMs)
      return { type: 'guests.heard', signs }
    }
    case 'guest.report':
      await report(world, host, effect)
      return undefined
    default:
      return assertNever(effect)
  }
}

function guestPort(world: ListeningWorld, host: HostName): GuestPort {
  const port = world.guests.get(host)
  if (port === undefined) throw new RangeError(`this process does not run on ${host}`)
  return port
}

/** A report that the bus did not take is made again with the next missed heartbeats. */
async function report(
  world: ListeningWorld,
  host: HostName,
  { instance, missed }: InstanceWatcherEffect & { readonly type: 'guest.report' },
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
