/** Options of our own event notifications: what other systems of the operator hear of segments, hosts and recoveries. */
import type { OptionGroup } from './option.ts'

export const EVENTS = {
  driver: {
    names: ['oslo_messaging_notifications.driver'],
    kind: 'choice',
    of: ['noop', 'messagingv2'],
    default: 'noop',
    meaning:
      "Whether Masakari's versioned event notifications are sent over RabbitMQ: messagingv2, or noop for not at all. " +
      'They tell other systems what happens; no recovery waits for them.',
  },
  brokers: {
    names: ['oslo_messaging_notifications.transport_url', 'DEFAULT.transport_url'],
    kind: 'amqp',
    meaning:
      'RabbitMQ servers that take them, as in [bridge] transport_url. Needed by messagingv2.',
  },
  topics: {
    names: ['oslo_messaging_notifications.topics'],
    kind: 'names',
    default: 'versioned_notifications',
    meaning:
      'Topics that they are sent to, on the exchange masakari, with the routing keys <topic>.info and <topic>.error. ' +
      'A queue of the same name as each routing key keeps what nobody has read yet.',
  },
  durableQueues: {
    names: ['oslo_messaging_rabbit.amqp_durable_queues'],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether that exchange and these queues outlive a restart of RabbitMQ. It counts where they do not exist yet, and ' +
      'must be what the other services of the cloud say.',
  },
} as const satisfies OptionGroup
