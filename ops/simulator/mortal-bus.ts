/** The bus of a process that may be frozen or killed: its subscriptions end when it dies. */
import type { BusPort } from '../../actors/ports/bus.ts'
import { mortalPort, type Life } from './life.ts'

/** Ties a node's connection to the bus to the node's life. */
export function mortalBus(bus: BusPort, life: Life): BusPort {
  const tied = (subscription: AsyncDisposable): AsyncDisposable => {
    life.atDeath(() => void subscription[Symbol.asyncDispose]())
    return subscription
  }
  const mortal = mortalPort(bus, life)
  return {
    connected: () => bus.connected(),
    hindrances: () => bus.hindrances(),
    publish: (subject, body) => {
      if (life.alive) bus.publish(subject, body)
    },
    publishFault: (subject, body, id) => mortal.publishFault(subject, body, id),
    subscribe: (pattern, handler) =>
      tied(bus.subscribe(pattern, (message) => life.reach(() => handler(message)))),
    consumeFaults: (durable, handler) =>
      tied(bus.consumeFaults(durable, (delivery) => life.reach(() => handler(delivery)))),
  }
}
