/** What the bridge role is made of: the Compute service's notifications, put on our own bus. */
import type { Announcer } from '../../actors/ports/announcer.ts'
import type { ClockPort, RandomPort } from '../../actors/ports/clock.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { Config } from '../../schema/config.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { startComputeBridge, type ComputeBridge } from '../../transports/amqp/compute-bridge.ts'
import { declarationOf } from '../../transports/amqp/declaration.ts'

/** One queue for all bridges of a cloud: they share the work, and one of them is enough. */
const QUEUE = 'instance-ha'
const TOPICS = ['notifications', 'versioned_notifications']

/** Starts reading RabbitMQ. CONFIG_INVALID for a URL that is not one of a broker. */
export function startBridge(
  urls: readonly [Secret, ...Secret[]],
  { bridge, queues }: Pick<Config, 'bridge' | 'queues'>,
  world: {
    readonly clock: ClockPort
    readonly random: RandomPort
    readonly log: LogPort
    readonly announcer: Announcer
  },
): ComputeBridge {
  const { clock, random, log, announcer } = world
  return startComputeBridge({
    urls,
    exchange: bridge.exchange,
    queue: QUEUE,
    declaration: declarationOf(queues),
    topics: TOPICS,
    clock,
    random,
    log,
    publish: (event) => announcer.announce('compute.event', event),
  })
}
