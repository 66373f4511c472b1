/** Queues with the defaults of a cloud. */
import type { QueueOptions } from '../../transports/amqp/declaration.ts'

export const PLAIN_QUEUES: QueueOptions = {
  durable: false,
  autoDelete: false,
  mirrored: false,
  quorum: false,
  deliveryLimit: 0,
  memoryLength: 0,
  memoryBytes: 0,
}
