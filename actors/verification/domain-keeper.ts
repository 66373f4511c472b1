/**
 * Keeps the book of failure domains as the store and Nova have them: reads both now and then, beside all decisions, and tells the
 * gateways which domains every host has.
 */
import { HOSTS_TOLD_MAX } from '../../schema/messages/domains.ts'
import type { Announcer } from '../ports/announcer.ts'
import { sleep, type ClockPort } from '../ports/clock.ts'
import { isComputeTrouble, type ComputePort } from '../ports/compute.ts'
import type { DomainStore } from '../ports/domain-store.ts'
import { isStoreAway, type InventoryStore } from '../ports/store.ts'
import type { Epoch } from '../../schema/ids.ts'
import { AggregateReader } from './aggregate-reader.ts'
import type { DomainBook } from './domain-book.ts'
import { KeptDomains } from './kept-domains.ts'

/** All settings are opened for it, so it is read seldom: domains change when somebody rebuilds a rack. */
const READ_MS = 30_000
/** Aggregates change when racks are built. */
const AGGREGATES_MS = 60_000

/** How often gateways are told all domains: one that has just started shows them within this time. */
const TELL_MS = 10_000

export interface DomainKeeperWorld {
  readonly clock: ClockPort
  readonly epoch: Epoch
  readonly store: Pick<InventoryStore, 'listAllHosts'> & DomainStore
  readonly compute: Pick<ComputePort, 'listAggregates'>
  readonly domains: DomainBook
  readonly announcer: Pick<Announcer, 'announce'>
}

/** Reads until the signal ends it. What is known stays known while the store, or Nova, is away. */
export async function keepDomains(world: DomainKeeperWorld, signal: AbortSignal): Promise<void> {
  const reader = new AggregateReader(world)
  const kept = new KeptDomains(world)
  await Promise.all([
    repeatedly(world.clock, READ_MS, signal, () => readHosts(world)),
    keepAggregates({ ...world, reader, kept }, signal),
    repeatedly(world.clock, TELL_MS, signal, async () => tellDomains(world)),
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

interface AggregateKeeping extends DomainKeeperWorld {
  readonly reader: AggregateReader
  readonly kept: KeptDomains
}

/** Until Nova is reached for the first time, what an earlier leader has read counts. */
async function keepAggregates(world: AggregateKeeping, signal: AbortSignal): Promise<void> {
  const recalled = await world.kept.recall()
  if (recalled !== undefined) world.domains.recallAggregates(recalled)
  await repeatedly(world.clock, AGGREGATES_MS, signal, () => readAggregates(world, signal))
}

async function readAggregates(
  { clock, domains, reader, kept }: AggregateKeeping,
  signal: AbortSignal,
): Promise<void> {
  try {
    const aggregates = await reader.read(signal)
    await kept.keep(domains.learnAggregates(aggregates, Math.round(clock.wallMs())))
  } catch (error) {
    if (!signal.aborted && !isComputeTrouble(error) && !isStoreAway(error)) throw error
  }
}

/** In parts, because a message is bounded. */
function tellDomains({ domains, announcer }: DomainKeeperWorld): void {
  const all = domains.all()
  const { aggregatesReadAt } = domains
  for (let from = 0; from < all.length; from += HOSTS_TOLD_MAX) {
    const hosts = all.slice(from, from + HOSTS_TOLD_MAX)
    announcer.announce('domains.known', {
      ...(aggregatesReadAt === undefined ? {} : { aggregatesReadAt }),
      hosts: hosts.map(({ host, source, names }) => ({ host, source, names: [...names] })),
    })
  }
}
