/** Each leader begins with a new memory, and what lives longer than one is listed. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { LeaderMemories, sizesOf } from '../../actors/leader-memory.ts'
import { MONITORS } from '../../ops/simulator/process-names.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { epoch } from '../../schema/ids.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import { defaultRules } from '../simulator/story.ts'
import { everySource } from '../support/sources.ts'
import { H1 } from './records.ts'

const memories = (): LeaderMemories =>
  new LeaderMemories({
    countParked: () => {},
    clock: new VirtualClock(),
    freshMs: 15_000,
    declaredDomains: new Map(),
    metadataKeys: [],
    cutRules: { gatheringMs: 60_000, atOnceMs: 15_000, companionsMs: 4000, askedAgainMs: 9000 },
    observersPerHost: 2,
    caps: { overall: 10, perSegment: 10, perTarget: 10 },
    countStranger: () => {},
  })

test('a new leader knows nothing of what an earlier one had heard or begun', (t) => {
  const kept = memories()
  const before = kept.begin(epoch(1))
  before.observations.note(H1, { observer: 'monitor-1', state: 'alive', evidence: [] })
  before.inFlight.claim(H1, () => undefined)
  t.is(kept.of(epoch(1)), before)
  const after = kept.begin(epoch(2))
  t.is(kept.of(epoch(2)), after)
  t.true(Object.values(sizesOf(after)).every((size) => size === 0))
  t.true(Object.keys(after).every((part) => Reflect.get(after, part) !== Reflect.get(before, part)))
})

test('what acts with an old epoch is given no memory', (t) => {
  const kept = memories()
  const error = { code: 'STALE_EPOCH' }
  t.throws(() => kept.of(epoch(1)), error)
  kept.begin(epoch(1))
  kept.begin(epoch(2))
  t.throws(() => kept.of(epoch(1)), error)
})

/** How many entries each part of the memory of the leader has; undefined while nobody leads. */
const holdsOf = (
  deployment: Deployment,
  at: number,
): Readonly<Record<string, number>> | undefined =>
  deployment.actors.find(({ path }) => path.endsWith(`/leader/${at}`))?.holds

/** Longer than the lease lives. */
const FROZEN_MS = 20_000

test('an engine that loses its lease and wins it again starts from nothing', async (t) => {
  const size = { segments: 1, hostsPerSegment: 4, instances: 6 }
  await using deployment = new Deployment({ seed: 1, size, rules: defaultRules() })
  await startAll(deployment)
  const { leader = '' } = deployment
  deployment.kill(leader === 'engine-1' ? 'engine-2' : 'engine-1')
  await deployment.pass(40_000)
  const [before] = deployment.actors.flatMap(({ path, holds }) => (holds ? [{ path, holds }] : []))
  const first = Number(before?.path.split('/').at(-1))
  t.like(before?.holds, { observations: 4, roster: 4 })
  // Nobody speaks of a host any more: what the next leader knows of them, it has from the one before.
  for (const monitor of MONITORS) deployment.kill(monitor)
  deployment.freeze(deployment.leader ?? '', FROZEN_MS)
  await deployment.pass(FROZEN_MS + 5000)
  t.is(holdsOf(deployment, first), undefined)
  t.like(holdsOf(deployment, first + 1), { observations: 0, inFlight: 0, bookings: 0 })
})

/** The classes that ARCHITECTURE.md lists as living so long. */
function listedAs(lives: string): readonly string[] {
  const page = readFileSync('ARCHITECTURE.md', 'utf8')
  const [, chapter = ''] = /^## What is remembered.*?\n(.*?)^## /ms.exec(page) ?? []
  const rows = [...chapter.matchAll(/^\| `(\w+)` *\| ([\w ]+?) *\|/gm)]
  return rows.flatMap(([, name = '', life]) => (life === lives ? [name] : [])).toSorted()
}

const BUILT_IN = ['AbortController', 'CodedError', 'Error', 'Map', 'Set', 'StaleEpochError']

/** Classes of which these files make an object. */
const madeIn = (...paths: readonly string[]): readonly string[] =>
  everySource()
    .filter(({ path }) => paths.includes(path))
    .flatMap(({ text }) => [...text.matchAll(/\bnew (\w+)\(/g)].map(([, name = '']) => name))
    .filter((name) => !BUILT_IN.includes(name))
    .toSorted()

test('ARCHITECTURE.md lists what a leader remembers, and what lives as long as the process', (t) => {
  t.deepEqual(listedAs('the leader'), madeIn('actors/leader-memory.ts'))
  t.deepEqual(listedAs('the process'), [
    ...madeIn('ops/roles/engine.ts', 'ops/roles/node.ts'),
    'RecoverySpans',
  ])
})

test('each part of a leader’s memory shows its size', (t) => {
  const memory = memories().begin(epoch(1))
  t.deepEqual(Object.keys(sizesOf(memory)), Object.keys(memory))
})
