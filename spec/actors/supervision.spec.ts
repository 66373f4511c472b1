/**
 * How each kind of actor is supervised, as data; and in a simulated cloud: an actor that crashes for
 * ever takes down its own branch and nothing else.
 */
import test, { type ExecutionContext } from 'ava'
import { TREE } from '../../actors/root.ts'
import { SUPERVISION } from '../../actors/supervision.ts'
import { Deployment, type Sabotage } from '../../ops/simulator/deployment.ts'
import { perform, type Act } from '../../ops/simulator/acts.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { withChanges } from '../simulator/with-changes.ts'
import { defaultRules } from '../simulator/story.ts'
import { everySource } from '../support/sources.ts'

type Kind = keyof typeof SUPERVISION
const KINDS = Object.keys(SUPERVISION) as readonly Kind[]

test('each kind of actor takes its own policy from the table, in one place', (t) => {
  const used = everySource()
    .filter(({ path }) => path.startsWith('actors/'))
    .flatMap(({ text }) =>
      [...text.matchAll(/policy: SUPERVISION(?:\.(\w+)|\['([\w-]+)'\])/g)].map(
        ([, plain, quoted]) => plain ?? quoted ?? '',
      ),
    )
  t.deepEqual(used.toSorted(), KINDS.map(String).toSorted())
})

test('no branch can be given up beside which nothing useful goes on', (t) => {
  const escalating = KINDS.filter((kind) => SUPERVISION[kind].atLimit.kind === 'escalate')
  t.deepEqual(escalating.toSorted(), [
    'dedup-window',
    'evacuator',
    'fence',
    'instance-recovery',
    'intake',
    'leader',
    'lease-holder',
    'process-recovery',
  ])
})

test('every way of escalation ends at an isolated branch, or at the lease holder', (t) => {
  for (const kind of KINDS) {
    let at: Kind = kind
    while (SUPERVISION[at].atLimit.kind === 'escalate' && TREE[at].parent !== null) {
      at = TREE[at].parent ?? at
    }
    t.true(at === 'lease-holder' || SUPERVISION[at].atLimit.kind === 'isolate', kind)
  }
})

test('crashes for ever of a child reach the limit of its parent within the period of the parent', (t) => {
  const slowest = (kind: Kind): number => {
    const { intensity, backoffMsMin, backoffMsMax } = SUPERVISION[kind]
    const children = KINDS.filter(
      (each) => TREE[each].parent === kind && SUPERVISION[each].atLimit.kind === 'escalate',
    )
    const perCrash = Math.max(0, ...children.map(slowest))
    let pauses = 0
    for (let crash = 0; crash < intensity; crash += 1) {
      pauses += Math.min(backoffMsMax, backoffMsMin * 2 ** crash)
    }
    return pauses + (intensity + 1) * perCrash
  }
  for (const kind of KINDS) t.true(slowest(kind) < SUPERVISION[kind].periodMs, kind)
})

const SIZE = { segments: 2, hostsPerSegment: 4, instances: 12, heartbeats: 'yes' } as const
const defect = (): never => {
  throw new RangeError('a defect')
}

interface Trouble {
  readonly what: string
  readonly sabotage: Sabotage
  /** Of the actor that is given up. */
  readonly path: RegExp
  readonly acts: readonly Act[]
}

/** The name by which SSH reaches a host that stays healthy. */
const SICK = 'compute-03'

const CRASH: readonly Act[] = [{ do: 'crash', host: 'compute-01' }]

const TROUBLES: readonly Trouble[] = [
  {
    what: 'the guest follower',
    sabotage: (ports) => ({
      ...ports,
      store: withChanges(ports.store, { listAwaitedGuests: async () => defect() }),
    }),
    path: /guest-follower\/leader$/,
    acts: CRASH,
  },
  {
    what: 'the watcher of one host',
    sabotage: (ports) => ({
      ...ports,
      shell: withChanges(ports.shell, {
        probe: async (target, ...rest) =>
          target.address === SICK ? defect() : await ports.shell.probe(target, ...rest),
      }),
    }),
    path: /observer\/hosts\/host-watcher\/[^/]+$/,
    acts: CRASH,
  },
  {
    what: 'the recovery of one instance',
    sabotage: (ports) => ({
      ...ports,
      store: withChanges(ports.store, {
        readSnapshot: async (...parameters) => {
          const snapshot = await ports.store.readSnapshot(...parameters)
          return snapshot.notification?.type === 'VM' ? defect() : snapshot
        },
      }),
    }),
    path: /segment\/[^/]+\/recovery\/[^/]+$/,
    acts: [
      { do: 'kill-guest', instance: 'vm-003' },
      { do: 'report-guest', instance: 'vm-003', event: 'LIFECYCLE', domainEvent: 'STOPPED_FAILED' },
      ...CRASH,
    ],
  },
  {
    what: 'the segment of another host',
    sabotage: (ports) => ({
      ...ports,
      store: withChanges(ports.store, {
        listUnfinished: async (page) =>
          (await ports.store.listUnfinished(page)).map((each) =>
            each.notification.type === 'VM'
              ? Object.defineProperty({ ...each }, 'commandCount', { get: defect })
              : each,
          ),
      }),
    }),
    path: /leader\/\d+\/segment\/[^/]+$/,
    acts: [
      { do: 'kill-guest', instance: 'vm-003' },
      { do: 'report-guest', instance: 'vm-003', event: 'LIFECYCLE', domainEvent: 'STOPPED_FAILED' },
      { do: 'crash', host: 'compute-05' },
    ],
  },
]

for (const { what, sabotage, path, acts } of TROUBLES) {
  test(`while ${what} crashes for ever, a host is recovered all the same`, async (t) => {
    await using deployment = new Deployment({
      seed: 3,
      size: SIZE,
      rules: defaultRules(),
      sabotage,
    })
    await startAll(deployment)
    await deployment.pass(40_000)
    for (const act of acts) await perform(deployment, act)
    const givenUp = await watch(deployment)
    t.true(givenUp.size > 0, 'an alarm is raised')
    for (const each of givenUp) t.regex(each, path)
    await recovered(t, deployment, acts)
  })
}

/** The actors that were given up within three minutes. */
async function watch(deployment: Deployment): Promise<ReadonlySet<string>> {
  const givenUp = new Set<string>()
  for (let passedMs = 0; passedMs < 180_000; passedMs += 1000) {
    await deployment.pass(1000)
    for (const { path, state } of deployment.actors) if (state === 'given-up') givenUp.add(path)
  }
  return givenUp
}

async function recovered(
  t: ExecutionContext,
  { store }: Deployment,
  acts: readonly Act[],
): Promise<void> {
  const dead = acts.flatMap((act) => (act.do === 'crash' ? [act.host] : []))
  const hosts = await store.listAllHosts()
  const dying = hosts.filter(({ name }) => dead.includes(name)).map(({ uuid }) => uuid)
  const notifications = await store.listNotifications({}, { limit: 100, sort: [] })
  const ended = notifications.filter(({ sourceHost, type }) => {
    return type === 'COMPUTE_HOST' && dying.includes(sourceHost)
  })
  t.deepEqual(
    ended.map(({ status }) => status),
    ['finished'],
  )
}
