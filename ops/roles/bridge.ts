/** What the bridge role is made of: the Compute service's notifications, put on our own bus. */
import type { Announcer } from '../../actors/ports/announcer.ts'
import { startComputeBridge, type ComputeBridge } from '../../transports/amqp/compute-bridge.ts'
import type { LinkKeeping } from '../../transports/amqp/keep-linked.ts'

/** One queue for all bridges of a cloud: they share the work, and one of them is enough. */
const QUEUE = 'instance-ha'
const TOPICS = ['notifications', 'versioned_notifications']

/** Starts reading RabbitMQ. CONFIG_INVALID for a URL that is not one of a broker. */
export function startBridge(
  exchange: string,
  world: LinkKeeping & { readonly announcer: Announcer },
): ComputeBridge {
  const { urls, tls, clock, random, log, announcer } = world
  return startComputeBridge({
    urls,
    tls,
    exchange,
    queue: QUEUE,
    topics: TOPICS,
    clock,
    random,
    log,
    publish: (event) => announcer.announce('compute.event', event),
  })
}
