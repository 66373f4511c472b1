/** What is known of failure domains while the store, or Nova, is away; and how they are read. */
import test from 'ava'
import { DomainBook } from '../../../actors/verification/domain-book.ts'
import { keepDomains } from '../../../actors/verification/domain-keeper.ts'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import { epoch } from '../../../schema/ids.ts'
import { CodedError } from '../../../schema/errors.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { H1, H2, ONE, TWO, hostRow } from '../records.ts'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
const H9 = hostRow({ uuid: 'host-9' as typeof H1, name: 'compute-9' as typeof ONE })
const HOSTS = [hostRow(), hostRow({ uuid: H2, name: TWO }), H9]
const RACK = [{ id: '1', name: 'rack-1', hosts: [ONE, TWO], metadata: { rack: '1' } }]

function bookOf(declared: ReadonlyMap<string, readonly string[]> = new Map()) {
  const clock = new VirtualClock()
  const observations = new HostObservations(clock, 15_000)
  const cutRules = { gatheringMs: 60_000, atOnceMs: 15_000, companionsMs: 5000, askedAgainMs: 9000 }
  const keys = { declaredDomains: declared, metadataKeys: ['rack'], cutRules }
  const domains = new DomainBook({ clock, observations, ...keys })
  for (const host of [H1, H2]) {
    const channels = ['ssh silence', 'power power'].map((each) => {
      const [channel = '', meaning = ''] = each.split(' ')
      return { channel, meaning, ageMs: 0 }
    })
    observations.note(host, { observer: 'monitor-1', state: 'dead', evidence: [], channels })
  }
  return { clock, domains, observations }
}

test('hosts without known domains fail by themselves', (t) => {
  const { domains } = bookOf()
  t.is(domains.judge(H1).kind, 'separate')
  domains.learnHosts(HOSTS)
  t.is(domains.judge(H1).kind, 'separate')
  t.is(domains.awaited(H1), undefined)
})

test('domains come from aggregates, from the file, and from the settings of hosts', (t) => {
  const { domains } = bookOf()
  domains.learnHosts(HOSTS)
  domains.learnAggregates(RACK, 1000)
  t.like(domains.judge(H1), { kind: 'link-cut', domain: 'rack:1', rule: 'power' })
  const declared = new Map(['compute-1', 'compute-2'].map((host) => [host, ['cabinet-7']]))
  const { domains: filed } = bookOf(declared)
  filed.learnHosts(HOSTS)
  filed.learnAggregates(RACK, 1000)
  t.like(filed.judge(H1), { kind: 'link-cut', domain: 'cabinet-7' })
  const own = '{"failure_domains":[]}'
  filed.learnHosts([hostRow({ controlAttributes: own }), ...HOSTS.slice(1)])
  t.is(filed.judge(H1).kind, 'separate', 'the settings say that it has none')
})

const DEAD = [{ channel: 'ssh', meaning: 'silence', ageMs: 0 }]
const LIFE = [{ channel: 'ssh', meaning: 'life', ageMs: 0 }]
const OFF = [
  { channel: 'ssh', meaning: 'silence', ageMs: 0 },
  { channel: 'power', meaning: 'off', ageMs: 0 },
]

/** The link to both hosts is whole again after so long, and one of them is heard. */
async function healAfter(afterMs: number) {
  const built = bookOf()
  const { clock, domains, observations } = built
  domains.learnHosts(HOSTS)
  domains.learnAggregates(RACK, 0)
  await clock.pass(afterMs, settle)
  const word = { observer: 'monitor-1', evidence: [] } as const
  observations.note(H1, { ...word, state: 'dead', channels: DEAD })
  observations.note(H2, { ...word, state: 'alive', channels: LIFE })
  return built
}

test('when a neighbour is heard again after a cut, the host is asked again before it is fenced', async (t) => {
  const { clock, domains, observations } = await healAfter(12_000)
  t.is(domains.judge(H1).kind, 'separate')
  t.like(domains.awaited(H1), { leftMs: 9000 })
  t.regex(domains.awaited(H1)?.reason ?? '', /^other hosts of rack:1 are heard again/)
  await clock.pass(8999, settle)
  const word = { observer: 'monitor-1', evidence: [] } as const
  observations.note(H1, { ...word, state: 'dead', channels: DEAD })
  observations.note(H2, { ...word, state: 'alive', channels: LIFE })
  t.like(domains.awaited(H1), { leftMs: 1 })
  await clock.pass(1, settle)
  t.is(domains.awaited(H1), undefined)
})

test('a neighbour of which one answer was lost is no reason to wait', async (t) => {
  const { domains } = await healAfter(3999)
  t.is(domains.awaited(H1), undefined)
})

test('a neighbour that was heard again before the host fell silent is no reason to wait', async (t) => {
  const { clock, domains, observations } = await healAfter(5000)
  const word = { observer: 'monitor-1', evidence: [] } as const
  observations.note(H1, { ...word, state: 'alive', channels: LIFE })
  await clock.pass(1000, settle)
  observations.note(H1, { ...word, state: 'dead', channels: DEAD })
  await clock.pass(5000, settle)
  observations.note(H2, { ...word, state: 'alive', channels: LIFE })
  t.is(domains.awaited(H1), undefined)
})

test('a neighbour that comes and goes delays nothing for longer than one that returns once', async (t) => {
  const { clock, domains, observations } = await healAfter(12_000)
  const word = { observer: 'monitor-1', evidence: [] } as const
  for (let passedMs = 0; passedMs < 45_000; passedMs += 5000) {
    t.is(domains.awaited(H1) === undefined, passedMs >= 9000, `after ${passedMs} ms`)
    const isAlive = (passedMs / 5000) % 2 === 1
    observations.note(H1, { ...word, state: 'dead', channels: DEAD })
    observations.note(
      H2,
      isAlive
        ? { ...word, state: 'alive', channels: LIFE }
        : { ...word, state: 'dead', channels: DEAD },
    )
    await clock.pass(5000, settle)
  }
})

test('a host that is read as off is not waited for', async (t) => {
  const { domains, observations } = await healAfter(12_000)
  observations.note(H1, { observer: 'monitor-1', evidence: [], state: 'dead', channels: OFF })
  t.is(domains.awaited(H1), undefined)
})

test('while Nova or the store is away, what they said last counts', async (t) => {
  const { clock, domains } = bookOf()
  let away = false
  const answer = <Value>(value: Value, code: 'STORE_UNAVAILABLE' | 'COMPUTE_UNAVAILABLE') => {
    if (away) throw new CodedError(code, 'away')
    return value
  }
  const told: unknown[] = []
  const world = {
    clock,
    domains,
    epoch: epoch(1),
    announcer: { announce: (_type: string, body: unknown) => void told.push(body) },
    store: {
      listAllHosts: async () => answer(HOSTS, 'STORE_UNAVAILABLE'),
      listJoinedAggregates: async () => answer([], 'STORE_UNAVAILABLE'),
      readAggregateDomains: async () => undefined,
      keepAggregateDomains: async () => {},
    },
    compute: { listAggregates: async () => answer(RACK, 'COMPUTE_UNAVAILABLE') },
  }
  const ended = new AbortController()
  const readAtMs = clock.wallMs()
  const kept = keepDomains(world, ended.signal)
  await clock.pass(1000, settle)
  t.is(domains.size, 3)
  await clock.pass(10_000, settle)
  const rack = { source: 'aggregate', names: ['rack:1'] }
  const hosts = [
    { host: H1, ...rack },
    { host: H2, ...rack },
    { host: 'host-9', source: 'none', names: [] },
  ]
  const aggregatesReadAt = Math.round(readAtMs)
  t.deepEqual(told.at(-1), { aggregatesReadAt, hosts })
  away = true
  await clock.pass(200_000, settle)
  t.is(domains.size, 3)
  t.is(domains.judge(H1).kind, 'separate', 'what observers said is too old by now')
  t.deepEqual(told.at(-1), { aggregatesReadAt, hosts }, 'gateways are told what counts')
  ended.abort()
  await kept
})
