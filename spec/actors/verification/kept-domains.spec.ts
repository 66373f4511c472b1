/** A new leader knows the domains that an earlier one has read in Nova, for a day at most. */
import test from 'ava'
import { DomainBook } from '../../../actors/verification/domain-book.ts'
import { keepDomains } from '../../../actors/verification/domain-keeper.ts'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import type { ReadDomains } from '../../../actors/ports/domain-store.ts'
import { CodedError } from '../../../schema/errors.ts'
import { epoch } from '../../../schema/ids.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { H1, ONE, TWO, hostRow } from '../records.ts'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
const DAY = 86_400_000
const RACK = { id: '1', name: 'rack-1', hosts: [ONE, TWO], metadata: { rack: '1' } }

/** Leaders one after another, with one store and one Nova. */
class Succession {
  readonly clock = new VirtualClock()
  stored: ReadDomains | undefined
  writes = 0
  nova: 'answers' | 'away' = 'answers'
  store: 'answers' | 'away' = 'answers'
  aggregates = [RACK]

  /** Leads for so long; what is then known of the first host. */
  async lead(forMs: number, metadataKeys = ['rack']) {
    const { clock } = this
    const cutRules = {
      gatheringMs: 60_000,
      atOnceMs: 15_000,
      companionsMs: 5000,
      askedAgainMs: 9500,
    }
    const observations = new HostObservations(clock, 15_000)
    const declaredDomains = new Map<string, readonly string[]>()
    const domains = new DomainBook({ clock, observations, declaredDomains, metadataKeys, cutRules })
    const ended = new AbortController()
    const kept = keepDomains(
      {
        clock,
        domains,
        epoch: epoch(1),
        announcer: { announce: () => {} },
        store: {
          listAllHosts: async () => [hostRow()],
          listJoinedAggregates: async () => [],
          readAggregateDomains: async () => this.#unlessAway(this.stored),
          keepAggregateDomains: async (_epoch, read) => {
            this.stored = this.#unlessAway(read)
            this.writes += 1
          },
        },
        compute: {
          listAggregates: async () => {
            if (this.nova === 'away') throw new CodedError('COMPUTE_UNAVAILABLE', 'away')
            return this.aggregates
          },
        },
      },
      ended.signal,
    )
    await clock.pass(forMs, settle)
    ended.abort()
    await kept
    const known = domains.all().find(({ host }) => host === H1)
    return { names: known?.names, readAt: domains.aggregatesReadAt }
  }

  #unlessAway<Value>(value: Value): Value {
    if (this.store === 'away') throw new CodedError('STORE_UNAVAILABLE', 'away')
    return value
  }
}

test('while Nova is away, a new leader knows what an earlier one has read, and when', async (t) => {
  const world = new Succession()
  const first = await world.lead(1000)
  t.deepEqual(first.names, ['rack:1'])
  world.nova = 'away'
  await world.clock.pass(3_600_000, async () => undefined)
  t.deepEqual(await world.lead(1000), first)
})

test('what is older than a day, or from the future, does not count', async (t) => {
  const world = new Succession()
  await world.lead(1000)
  world.nova = 'away'
  const { stored } = world
  if (stored === undefined) return t.fail()
  for (const [ageMs, names] of [
    [DAY - 10_000, ['rack:1']],
    [DAY + 10_000, []],
    [-120_000, []],
  ] as const) {
    world.stored = { ...stored, readAt: world.clock.wallMs() - ageMs }
    t.deepEqual((await world.lead(1000)).names, names, String(ageMs))
  }
})

test('what Nova says now replaces it, also when it names no domain any more', async (t) => {
  const world = new Succession()
  await world.lead(1000)
  world.aggregates = []
  t.deepEqual((await world.lead(1000)).names, [])
  t.is(world.stored?.domains.size, 0)
})

test('domains of keys that are not asked for any more do not count', async (t) => {
  const world = new Succession()
  await world.lead(1000)
  world.nova = 'away'
  t.deepEqual((await world.lead(1000, ['room'])).names, [])
})

test('it is written when it changes and every ten minutes, and never where no aggregate names a domain', async (t) => {
  const world = new Succession()
  await world.lead(590_000)
  t.is(world.writes, 1)
  await world.lead(1000)
  t.is(world.writes, 1, 'the next leader finds it')
  await world.lead(500_000)
  t.is(world.writes, 2)
  const bare = new Succession()
  bare.aggregates = []
  await bare.lead(700_000)
  t.is(bare.writes, 0)
})

test('while the store is away, domains are read in Nova all the same, and kept later', async (t) => {
  const world = new Succession()
  world.store = 'away'
  t.deepEqual((await world.lead(1000)).names, ['rack:1'])
  t.is(world.stored, undefined)
  world.store = 'answers'
  await world.lead(1000)
  t.is(world.stored?.domains.get('compute-1')?.[0], 'rack:1')
})
