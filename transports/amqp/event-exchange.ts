/** Where event notifications go: Masakari's exchange, and a queue for each routing key. */
import { askBroker, type BrokerConnection } from './broker-connection.ts'

/** Masakari's `control_exchange`. */
export const EVENT_EXCHANGE = 'masakari'
const PRIORITIES = ['info', 'error'] as const

/** How exchange and queues are declared where they are absent. */
export type Durability = 'durable' | 'transient'

/**
 * What is there is taken as it is. What is absent is declared as oslo.messaging does: a queue named like each routing
 * key too, so that nothing is lost that nobody reads yet.
 */
export async function declareEventExchange(
  connection: BrokerConnection,
  topics: readonly string[],
  durability: Durability,
): Promise<void> {
  const durable = durability === 'durable'
  const found = await askBroker(connection, (channel) => channel.checkExchange(EVENT_EXCHANGE))
  if (found === undefined) {
    await askBroker(connection, (channel) =>
      channel.assertExchange(EVENT_EXCHANGE, 'topic', { durable }),
    )
  }
  for (const key of topics.flatMap((topic) => PRIORITIES.map((each) => `${topic}.${each}`))) {
    const queue = await askBroker(connection, (channel) => channel.checkQueue(key))
    await askBroker(connection, async (channel) => {
      if (queue === undefined) await channel.assertQueue(key, { durable })
      await channel.bindQueue(key, EVENT_EXCHANGE, key)
    })
  }
}
