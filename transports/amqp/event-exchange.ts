/** Where event notifications go: Masakari's exchange, and a queue for each routing key. */
import { askBroker, type BrokerConnection } from './broker-connection.ts'
import type { Declaration, Declarer } from './declaration.ts'

/** Masakari's `control_exchange`. */
export const EVENT_EXCHANGE = 'masakari'
const PRIORITIES = ['info', 'error'] as const

/** A queue named like each routing key, too, as oslo.messaging does, so that nothing is lost that nobody reads yet. */
export async function declareEventExchange(
  connection: BrokerConnection,
  { topic, declaration }: { readonly topic: string; readonly declaration: Declaration },
  declarer: Declarer,
): Promise<void> {
  await declarer.exchange(connection, EVENT_EXCHANGE, declaration)
  for (const key of PRIORITIES.map((priority) => `${topic}.${priority}`)) {
    await declarer.queue(connection, key, declaration)
    await askBroker(connection, (channel) => channel.bindQueue(key, EVENT_EXCHANGE, key))
  }
}
