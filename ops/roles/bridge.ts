/** What the bridge role is made of: the Compute service's notifications, put on our own bus as events, and its faults as reports. */
import { assertNever } from '../../actors/kernel/assert-never.ts'
import type { Announcer } from '../../actors/ports/announcer.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Config } from '../../schema/config.ts'
import type { LinkHealth } from '../../schema/messages/leadership.ts'
import { startComputeBridge, type ComputeBridge } from '../../transports/amqp/compute-bridge.ts'
import type { ComputeFault } from '../../transports/amqp/compute-fault.ts'
import { declarationOf } from '../../transports/amqp/declaration.ts'
import type { LinkKeeping } from '../../transports/amqp/keep-linked.ts'
import { linkTo } from './broker-link.ts'

/** One queue for all bridges of a cloud: one of them reads it, and the others stand by. */
const QUEUE = 'instance-ha'
const TOPICS = ['notifications', 'versioned_notifications']

/** Undefined without the role, or when there are no brokers to read from. */
export function openBridge(
  config: Config,
  world: Omit<LinkKeeping, 'urls' | 'tls'> & { readonly announcer: Announcer },
): ComputeBridge | undefined {
  const { node, bridge, rabbit } = config
  if (!node.roles.includes('bridge') || bridge.brokers === undefined) return undefined
  return startBridge(config, { ...world, ...linkTo(bridge.brokers, rabbit) })
}

/** How the bridge is linked, for the health view. A bridge that is not told of a broker says so. */
export function bridgeLinks(
  { node }: Config,
  bridge: ComputeBridge | undefined,
  clock: ClockPort,
): () => readonly LinkHealth[] {
  if (!node.roles.includes('bridge')) return () => []
  const reason = '[bridge] transport_url is not set'
  const untold = { linked: false, since: Math.round(clock.wallMs()), reason }
  return () => [{ name: 'compute-broker', ...(bridge?.link() ?? untold) }]
}

/** Starts reading RabbitMQ. CONFIG_INVALID for a URL that is not one of a broker. */
export function startBridge(
  { bridge, queues, notifications }: Pick<Config, 'bridge' | 'queues' | 'notifications'>,
  world: LinkKeeping & { readonly announcer: Announcer },
): ComputeBridge {
  const { urls, tls, clock, random, log, announcer } = world
  return startComputeBridge({
    urls,
    tls,
    exchange: bridge.exchange,
    queue: QUEUE,
    declaration: declarationOf(queues),
    topics: TOPICS,
    clock,
    random,
    log,
    publish: (event) => announcer.announce('compute.event', event),
    submit: notifications.drivers.includes('nova_notification')
      ? (fault) => submit(announcer, fault)
      : undefined,
  })
}

function submit(announcer: Announcer, fault: ComputeFault): Promise<void> {
  switch (fault.type) {
    case 'host.failed':
      return announcer.submit('host.failed', fault.body, fault.id)
    case 'instance.failed':
      return announcer.submit('instance.failed', fault.body, fault.id)
    default:
      return assertNever(fault)
  }
}
