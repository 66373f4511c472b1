/** What the gateway overhears on the bus: watchers' views of hosts, and the progress of recoveries. */
import type { BusMessage, BusPort } from '../../actors/ports/bus.ts'
import { EventFeed, type FeedEvent } from '../../gateway/event-feed.ts'
import type { ObservationBoard } from '../../gateway/observations.ts'
import { isCoded } from '../../schema/errors.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'

/** Where it goes. */
export interface Overheard extends AsyncDisposable {
  readonly observations: ObservationBoard
  readonly feed: EventFeed
}

/** Starts listening. Core messages: what is said while the bus is away is not heard, and the journal has it. */
export function overhear(bus: BusPort, cloud: string, observations: ObservationBoard): Overheard {
  const feed = new EventFeed()
  const take = (message: BusMessage): void => {
    const received = decoded(message)
    if (received?.type === 'host.observed') observations.heard(received.body)
    const event = received === undefined ? undefined : eventOf(received)
    if (event !== undefined) feed.publish(event)
  }
  const subscriptions = ['observation', 'recovery', 'instance'].map((topic) =>
    bus.subscribe(subjectOf(cloud, topic, '>'), take),
  )
  return {
    observations,
    feed,
    async [Symbol.asyncDispose]() {
      for (const subscription of subscriptions) await subscription[Symbol.asyncDispose]()
    },
  }
}

/** Undefined for what cannot be decoded: others park such messages, here they are only noise. */
function decoded({ body }: BusMessage): Received | undefined {
  try {
    return decode(body)
  } catch (error) {
    if (isCoded(error, 'MESSAGE_INVALID')) return undefined
    throw error
  }
}

function eventOf({ id, sentAt, ...received }: Received): FeedEvent | undefined {
  const sent_at = new Date(sentAt).toISOString()
  switch (received.type) {
    case 'recovery.stepped': {
      const { notification, host, step, reason, evidence } = received.body
      const about = { notification, host, instance: undefined, type: received.type }
      const data = { sent_at, notification_uuid: notification, host, step, reason, evidence }
      return { id, type: received.type, about, data }
    }
    case 'move.stepped': {
      const { notification, instance, instanceName, status, dest, reason, done, total } =
        received.body
      const about = { notification, instance, host: dest ?? undefined, type: received.type }
      const data = {
        sent_at,
        notification_uuid: notification,
        instance_uuid: instance,
        instance_name: instanceName,
        status,
        dest_host: dest,
        reason,
        done,
        total,
      }
      return { id, type: received.type, about, data }
    }
    default:
      return undefined
  }
}
