/** The bus on a real NATS server keeps the promises of every bus. */
import test from 'ava'
import { busConformance } from '../../support/bus-conformance.ts'
import type { BusWorld } from '../../support/bus-world.ts'
import { leaseConformance } from '../../support/lease-conformance.ts'
import { openNatsWorld } from '../../support/nats-world.ts'
import { startNats, type NatsServer } from '../../support/nats.ts'

const shared: Promise<NatsServer> = startNats()
test.after.always(async () => {
  await (await shared)[Symbol.asyncDispose]()
})

const opener = {
  open: async (): Promise<BusWorld> => openNatsWorld(await shared),
  async openFragile(): Promise<BusWorld> {
    const server = await startNats()
    const world = openNatsWorld(server)
    return {
      ...world,
      async [Symbol.asyncDispose]() {
        await world[Symbol.asyncDispose]()
        await server[Symbol.asyncDispose]()
      },
    }
  },
}
busConformance(test, opener)
leaseConformance(test, opener)
