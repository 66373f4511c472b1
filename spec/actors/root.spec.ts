/**
 * The tree of actors is the same in the picture, in the code, and in a cloud in which every kind of
 * actor is started.
 */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { TREE, type TreePlace } from '../../actors/root.ts'
import { perform, type Act } from '../../ops/simulator/acts.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { defaultRules } from '../simulator/story.ts'
import { everySource } from '../support/sources.ts'

type Branch = readonly [kind: string, place: TreePlace]

const BRANCHES: readonly Branch[] = Object.entries(TREE)

const childrenOf = (parent: string | null): readonly Branch[] =>
  BRANCHES.filter(([, place]) => place.parent === parent)

/** One line for each actor, with its children below it. */
function drawn(parent: string | null, indent: string): readonly string[] {
  const children = childrenOf(parent)
  return children.flatMap(([kind, { name, purpose }], index) => {
    const isLast = index === children.length - 1
    const [corner, below] = parent === null ? ['', ''] : isLast ? ['└─ ', '   '] : ['├─ ', '│  ']
    const own = `${indent}${corner}${kind}/${name}`
    return [`${own} ${purpose}`, ...drawn(kind, indent + below)]
  })
}

test('the picture in ARCHITECTURE.md shows the tree', (t) => {
  const page = readFileSync('ARCHITECTURE.md', 'utf8')
  const picture = /^## Actors\n.*?^```\n(.*?)^```/ms.exec(page)?.[1] ?? ''
  // The purpose of an actor is in a separate column.
  const lines = picture
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/(?<=\S) {2,}/, ' '))
  t.deepEqual(lines, drawn(null, ''))
})

/** The kinds that are started by such a call, once for each call. */
const startedBy = (call: RegExp): readonly string[] =>
  everySource()
    .filter(({ path }) => /^(actors|ops)\//.test(path))
    .flatMap(({ text }) => [...text.matchAll(call)].map(([, kind = '']) => kind))
    .toSorted()

test('each kind is started in one place of the code: by its parent, or by a role', (t) => {
  const roots = childrenOf(null).map(([kind]) => kind)
  const children = BRANCHES.map(([kind]) => kind).filter((kind) => !roots.includes(kind))
  t.deepEqual(startedBy(/\bstartChild\('([\w-]+)'/g), children.toSorted())
  t.deepEqual(startedBy(/\bsystem\.start\('([\w-]+)'/g), roots.toSorted())
})

/** A nova-compute dies, then a guest, then a host. */
const TROUBLES: readonly Act[] = [
  { do: 'kill-compute', host: 'compute-02' },
  { do: 'report-process', host: 'compute-02', process: 'nova-compute', event: 'STOPPED' },
  { do: 'kill-guest', instance: 'vm-003' },
  { do: 'report-guest', instance: 'vm-003', event: 'LIFECYCLE', domainEvent: 'STOPPED_FAILED' },
  { do: 'crash', host: 'compute-01' },
]
const QUIET_MS = 40_000
const LASTS_MS = 120_000
const LOOK_MS = 100

/** `kind < parent`, from the paths of all actors that were seen. */
async function edgesSeen(): Promise<ReadonlySet<string>> {
  const size = { segments: 1, hostsPerSegment: 4, instances: 6, heartbeats: 'yes' } as const
  await using deployment = new Deployment({
    seed: 1,
    size,
    rules: defaultRules(),
  })
  await startAll(deployment)
  await deployment.pass(QUIET_MS)
  for (const act of TROUBLES) await perform(deployment, act)
  const edges = new Set<string>()
  for (let passedMs = 0; passedMs < LASTS_MS; passedMs += LOOK_MS) {
    await deployment.pass(LOOK_MS)
    for (const { path } of deployment.actors) {
      const kinds = path.split('/').filter((_part, index) => index % 2 === 0)
      for (const [index, kind] of kinds.entries()) edges.add(edge(kind, kinds[index - 1] ?? null))
    }
  }
  return edges
}

const edge = (kind: string, parent: string | null): string => `${kind} < ${parent ?? 'its role'}`

test('every kind runs below its parent, and no other actor runs', async (t) => {
  const expected = BRANCHES.map(([kind, { parent }]) => edge(kind, parent))
  t.deepEqual([...(await edgesSeen())].toSorted(), expected.toSorted())
})
