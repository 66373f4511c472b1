/** Keeps the book of failure domains as the store and Nova have them: reads both now and then, beside all decisions. */
import { sleep, type ClockPort } from '../ports/clock.ts'
import { isComputeTrouble, type ComputePort } from '../ports/compute.ts'
import { isStoreAway, type InventoryStore } from '../ports/store.ts'
import type { DomainBook } from './domain-book.ts'

/** All settings are opened for it, so it is read seldom: domains change when somebody rebuilds a rack. */
const READ_MS = 30_000
/** Aggregates change when racks are built. */
const AGGREGATES_MS = 60_000

export interface DomainKeeperWorld {
  readonly clock: ClockPort
  readonly store: Pick<InventoryStore, 'listAllHosts'>
  readonly compute: Pick<ComputePort, 'listAggregates'>
  readonly domains: DomainBook
}

/** Reads until the signal ends it. What is known stays known while the store, or Nova, is away. */
export async function keepDomains(world: DomainKeeperWorld, signal: AbortSignal): Promise<void> {
  await Promise.all([
    repeatedly(world.clock, READ_MS, signal, () => readHosts(world)),
    repeatedly(world.clock, AGGREGATES_MS, signal, () => readAggregates(world, signal)),
  ])
}

async function repeatedly(
  clock: ClockPort,
  everyMs: number,
  signal: AbortSignal,
  read: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await read()
    await sleep(clock, everyMs, signal)
  }
}

async function readHosts({ store, domains }: DomainKeeperWorld): Promise<void> {
  try {
    domains.learnHosts(await store.listAllHosts())
  } catch (error) {
    if (!isStoreAway(error)) throw error
  }
}

async function readAggregates(
  { compute, domains }: DomainKeeperWorld,
  signal: AbortSignal,
): Promise<void> {
  try {
    domains.learnAggregates(await compute.listAggregates(signal))
  } catch (error) {
    if (!signal.aborted && !isComputeTrouble(error)) throw error
  }
}
