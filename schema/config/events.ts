/**
 * Options of our own event notifications, which tell other systems of the operator about segments,
 * hosts and recoveries.
 */
import type { OptionGroup } from './option.ts'

/** The drivers that oslo.messaging knows. */
const EVENT_DRIVERS = ['noop', 'messagingv2', 'messaging', 'log', 'routing', 'test'] as const

export const EVENTS = {
  drivers: {
    names: ['oslo_messaging_notifications.driver'],
    kind: 'choices',
    of: EVENT_DRIVERS,
    isRepeated: true,
    default: 'noop',
    meaning:
      "Whether Masakari's versioned event notifications are sent over RabbitMQ, to versioned_notifications.info and .error " +
      'of the exchange masakari. messagingv2 sends them, messaging sends them without the envelope, the others send nothing. ' +
      'Several lines are several drivers. No recovery waits for these messages.',
  },
  brokers: {
    names: ['oslo_messaging_notifications.transport_url', 'DEFAULT.transport_url'],
    kind: 'amqp',
    meaning:
      'RabbitMQ servers that event notifications are sent to, written as in [bridge] transport_url. Needed by messaging and messagingv2.',
  },
} as const satisfies OptionGroup

/** How RabbitMQ keeps queues. All services of the cloud use the same values. */
export const QUEUES = {
  durable: {
    names: [
      'oslo_messaging_rabbit.amqp_durable_queues',
      'DEFAULT.amqp_durable_queues',
      'DEFAULT.rabbit_durable_queues',
    ],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether the exchange and the queues of event notifications survive a restart of RabbitMQ. Set this and the following ' +
      'options as in the other services of the cloud. They have an effect only when the exchange and the queues do not exist yet.',
  },
  autoDelete: {
    names: ['oslo_messaging_rabbit.amqp_auto_delete', 'DEFAULT.amqp_auto_delete'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether the exchange and the queues are deleted when they are not used any more.',
  },
  mirrored: {
    names: ['oslo_messaging_rabbit.rabbit_ha_queues', 'DEFAULT.rabbit_ha_queues'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether queues are declared with x-ha-policy, for old brokers.',
  },
  quorum: {
    names: ['oslo_messaging_rabbit.rabbit_quorum_queue'],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether the queues of event notifications and the queue of the bridge are quorum queues, which are always durable.',
  },
  deliveryLimit: {
    names: ['oslo_messaging_rabbit.rabbit_quorum_delivery_limit'],
    kind: 'whole',
    min: 0,
    max: 2_147_483_647,
    default: '0',
    meaning: 'Largest number of times that a quorum queue delivers one message; 0 sets no limit.',
    low: 'a message whose reader fails is lost',
    high: 'a message that its reader cannot handle is delivered again and again',
  },
  memoryLength: {
    names: [
      'oslo_messaging_rabbit.rabbit_quorum_max_memory_length',
      'oslo_messaging_rabbit.rabbit_quroum_max_memory_length',
    ],
    kind: 'whole',
    min: 0,
    max: 2_147_483_647,
    default: '0',
    meaning: 'Largest number of messages that a quorum queue keeps in memory; 0 sets no limit.',
    low: 'slower delivery',
    high: 'RabbitMQ may run out of memory',
  },
  memoryBytes: {
    names: [
      'oslo_messaging_rabbit.rabbit_quorum_max_memory_bytes',
      'oslo_messaging_rabbit.rabbit_quroum_max_memory_bytes',
    ],
    kind: 'whole',
    min: 0,
    max: 2_147_483_647,
    default: '0',
    meaning:
      'Largest total size of the messages that a quorum queue keeps in memory, bytes; 0 sets no limit.',
    low: 'as above',
    high: 'as above',
  },
} as const satisfies OptionGroup
