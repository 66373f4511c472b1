/** Options of our own event notifications: what other systems of the operator hear of segments, hosts and recoveries. */
import type { OptionGroup } from './option.ts'

/** Those of oslo.messaging. */
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
      'of the exchange masakari: messagingv2 does, messaging does without the envelope, the others send nothing. ' +
      'Several lines are several drivers. They tell other systems what happens; no recovery waits for them.',
  },
  brokers: {
    names: ['oslo_messaging_notifications.transport_url', 'DEFAULT.transport_url'],
    kind: 'amqp',
    meaning:
      'RabbitMQ servers that take them, as in [bridge] transport_url. Needed by messaging and messagingv2.',
  },
} as const satisfies OptionGroup

/** How RabbitMQ is told to keep queues, as all services of the cloud say it. */
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
      'Whether the exchange and the queues of event notifications outlive a restart of RabbitMQ. This and the following ' +
      'options must be what the other services of the cloud say. They count where exchange and queues do not exist yet.',
  },
  autoDelete: {
    names: ['oslo_messaging_rabbit.amqp_auto_delete', 'DEFAULT.amqp_auto_delete'],
    kind: 'switch',
    default: 'false',
    meaning: 'Whether they are deleted once nobody uses them.',
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
      'Whether they, and the queue of the bridge, are quorum queues, which are always durable.',
  },
  deliveryLimit: {
    names: ['oslo_messaging_rabbit.rabbit_quorum_delivery_limit'],
    kind: 'whole',
    min: 0,
    max: 2_147_483_647,
    default: '0',
    meaning: 'How often a quorum queue delivers a message at most; 0 sets no limit.',
    low: 'a message whose reader fails is lost',
    high: 'a message that breaks its reader comes again and again',
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
    meaning: 'Most messages that a quorum queue keeps in memory; 0 sets no limit.',
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
    meaning: 'The same in bytes.',
    low: 'as above',
    high: 'as above',
  },
} as const satisfies OptionGroup
