/**
 * Makes a list of faults from a seed: what breaks at which time, and when it is repaired. The
 * faults are plain values, so that a plan can be printed and shrunk.
 */
import type { RandomPort } from '../../actors/ports/clock.ts'
import type { BmcMood } from '../../transports/simulated/machine.ts'
import type { NovaMood } from '../../transports/simulated/faults.ts'
import { draw, SeededRandom } from '../../transports/simulated/random.ts'
import { pick, type FaultGenerator, type TimedAct } from './fault-generator.ts'
import { layoutOf, type Layout } from './layout.ts'
import { LYING_FAULTS } from './lies.ts'
import { namesIn } from './names.ts'
import { OPERATOR_FAULTS } from './operator-faults.ts'
import { OWNER_FAULTS } from './owner-faults.ts'
import { RACK_FAULTS } from './rack-faults.ts'
import { ENGINES, MONITORS } from './process-names.ts'
import { INSTANCE_AND_SERVICE_FAULTS } from './instance-and-service-faults.ts'

/**
 * One fault: what is done to the world, and how it is undone. Only the death of a host is not
 * undone.
 */
export interface PlannedFault {
  readonly kind: FaultKind
  readonly acts: readonly TimedAct[]
}

export type FaultKind =
  | keyof typeof FAULTS
  | keyof typeof PEOPLE
  | keyof typeof LYING_FAULTS
  | keyof typeof RACK_FAULTS
  | 'hidden-filters'
  | 'local-disks'

const FAULTS_MAX = 6
/** By then all processes have started and have read the state of their world. */
const FIRST_MS = 30_000
const LAST_MS = 180_000

/** Most plans contain acts of people. */
const PEOPLE_MAX = 3
/** One plan in so many contains lies. */
const LIES_IN = 3
/** When people act, counted from the death of a host: during its detection and its recovery. */
const PEOPLE_MS = [2000, 50_000] as const

/**
 * The same seed gives the same plan. In most plans at least one host dies, so early that the other
 * faults meet its recovery.
 */
export function planFaults(seed: number, size: Layout): readonly PlannedFault[] {
  const random = new SeededRandom(seed)
  const layout = layoutOf(seed, size)
  const faults = planBreakage(random.fork('plan'), layout)
  const people = planPeople(random.fork('people'), layout, faults)
  const lies = planLies(random.fork('lies'), layout)
  const filters = planFilters(random.fork('filters'), layout)
  const disks = planDisks(random.fork('disks'), layout)
  const racks = planRacks(random.fork('racks'), layout)
  return withoutLies([...faults, ...people, ...lies, ...filters, ...disks, ...racks])
}

/** The faults that happen by themselves. */
function planBreakage(random: RandomPort, layout: Layout): readonly PlannedFault[] {
  const targets = { random, ...namesIn(layout), dying: [] }
  const count = draw(random, [1, FAULTS_MAX])
  const first = draw(random, [FIRST_MS, 60_000])
  const faults = Array.from({ length: count }, (_, index) => {
    const kind = index === 0 ? pick(random, DEADLY) : pick(random, KINDS)
    // Half of all faults come near the first one, while its recovery is in progress.
    const near = random.next() < 0.5
    const spread = near ? draw(random, [-20_000, 90_000]) : draw(random, [0, LAST_MS - first])
    const atMs = index === 0 ? first : Math.max(FIRST_MS, first + spread)
    return { kind, acts: FAULTS[kind](targets, atMs) }
  })
  return faults
}

/**
 * What people do during the faults. It is drawn from its own source, so that it does not change
 * what breaks.
 */
function planPeople(
  random: RandomPort,
  layout: Layout,
  faults: readonly PlannedFault[],
): readonly PlannedFault[] {
  const acts = faults.flatMap((fault) => fault.acts)
  const deaths = acts.flatMap(({ atMs, act }) => ('host' in act ? [{ atMs, host: act.host }] : []))
  if (deaths.length === 0) return []
  return Array.from({ length: draw(random, [0, PEOPLE_MAX]) }, () => {
    const kind = pick(random, PEOPLE_KINDS)
    const { atMs, host } = pick(random, deaths)
    const targets = { random, ...namesIn(layout), dying: [host] }
    return { kind, acts: PEOPLE[kind](targets, atMs + draw(random, PEOPLE_MS)) }
  })
}

/**
 * In one plan of three, Nova's scheduler accepts few hosts for some instances. Drawn from its own
 * source, as above.
 */
function planFilters(random: RandomPort, layout: Layout): readonly PlannedFault[] {
  if (draw(random, [0, 2]) > 0) return []
  const { hosts, instances } = namesIn(layout)
  const acts = instances
    .filter(() => random.next() < SHARE_FILTERED)
    .map((instance) => {
      const refused = hosts.filter(() => random.next() < SHARE_REFUSED)
      return { atMs: FILTERS_MS, act: { do: 'filter', instance, hosts: refused } as const }
    })
  return [{ kind: 'hidden-filters', acts }]
}

const FILTERS_MS = 20_000
const SHARE_FILTERED = 0.4
const SHARE_REFUSED = 0.75

/**
 * In one plan of six, an operator says that the disks of a segment are local. Drawn from its own
 * source, as above.
 */
function planDisks(random: RandomPort, layout: Layout): readonly PlannedFault[] {
  if (draw(random, [1, LOCAL_DISKS_IN]) > 1) return []
  const segment = pick(random, namesIn(layout).segments)
  const act = { do: 'policy', segment, choices: { instanceDisks: 'local' } } as const
  return [{ kind: 'local-disks', acts: [{ atMs: DISKS_MS, act }] }]
}

const LOCAL_DISKS_IN = 6
const DISKS_MS = 20_000

/**
 * In one plan of three, an intruder sends messages in the names of observers. Drawn from its own
 * source, as above.
 */
function planLies(random: RandomPort, layout: Layout): readonly PlannedFault[] {
  if (draw(random, [1, LIES_IN]) > 1) return []
  const kind = pick(random, LIES)
  const targets = { random, ...namesIn(layout), dying: [] }
  return [{ kind, acts: LYING_FAULTS[kind](targets, draw(random, [FIRST_MS, LAST_MS])) }]
}

/**
 * In half of the plans with racks, a rack loses its link or its power. Drawn from its own source, as above.
 */
function planRacks(random: RandomPort, layout: Layout): readonly PlannedFault[] {
  const names = namesIn(layout)
  if (names.racks.length === 0 || draw(random, [1, RACK_FAULTS_IN]) > 1) return []
  const kind = pick(random, RACK_KINDS)
  const targets = { random, ...names, dying: [] }
  return [{ kind, acts: RACK_FAULTS[kind](targets, draw(random, [FIRST_MS, LAST_MS])) }]
}

const RACK_FAULTS_IN = 2

/** One line for each fault. */
export const describeFault = ({ kind, acts }: PlannedFault): string =>
  `${kind}: ${acts.map(({ atMs, act }) => `${atMs} ${JSON.stringify(act)}`).join(', ')}`

/**
 * The engine trusts a report unless our own observers contradict it. Therefore a false report, or a
 * retry of one, is planned only when the observers can contradict it: when an operator's observers
 * are all blind and a living host is reported as dead, the engine has to act on it.
 */
function withoutLies(faults: readonly PlannedFault[]): readonly PlannedFault[] {
  const deaf = faults.some(({ kind }) => BLINDING.includes(kind))
  return deaf ? faults.filter(({ kind }) => !REPORTING.includes(kind)) : faults
}

const FAULTS = {
  'host-crash': ({ random, hosts }, atMs) => [
    { atMs, act: { do: 'crash', host: pick(random, hosts) } },
  ],
  'host-unplugged': ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    return [
      { atMs, act: { do: 'unplug', host } },
      { atMs: atMs + draw(random, [20_000, 150_000]), act: { do: 'bmc', host, mood: 'well' } },
    ]
  },
  'host-hang': ({ random, hosts }, atMs) => [
    { atMs, act: { do: 'hang', host: pick(random, hosts) } },
  ],
  'host-hiccup': ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    return [
      { atMs, act: { do: 'hang', host } },
      { atMs: atMs + draw(random, [1000, 60_000]), act: { do: 'thaw', host } },
    ]
  },
  'host-cut-off': ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    return [
      { atMs, act: { do: 'cut', host } },
      { atMs: atMs + draw(random, [5000, 120_000]), act: { do: 'mend', host } },
    ]
  },
  'host-reboot': ({ random, hosts }, atMs) => [
    { atMs, act: { do: 'reboot', host: pick(random, hosts) } },
  ],
  'host-returns': ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    return [
      { atMs, act: { do: 'crash', host } },
      { atMs: atMs + draw(random, [5000, 120_000]), act: { do: 'power-on', host } },
    ]
  },
  'rack-crash': ({ random, hosts }, atMs) => {
    const from = draw(random, [0, hosts.length - 1])
    const rack = hosts.slice(from, from + draw(random, [2, 4]))
    return rack.map((host) => ({
      atMs: atMs + draw(random, [0, 2000]),
      act: { do: 'crash', host },
    }))
  },
  'bmc-trouble': ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    const mood = pick<BmcMood>(random, BMC_TROUBLES)
    const crashAt = atMs + draw(random, [0, 30_000])
    return [
      { atMs, act: { do: 'bmc', host, mood } },
      { atMs: crashAt, act: { do: pick(random, ['crash', 'hang']), host } },
      { atMs: crashAt + draw(random, [5000, 120_000]), act: { do: 'bmc', host, mood: 'well' } },
    ]
  },
  'engine-killed': ({ random }, atMs) => [
    { atMs, act: { do: 'kill', node: pick(random, ['leader', ...ENGINES]), ...restart(random) } },
  ],
  'engine-killed-at-call': ({ random }, atMs) => {
    const calls = draw(random, [1, 60])
    return [{ atMs, act: { do: 'kill-at-call', node: 'leader', calls, ...restart(random) } }]
  },
  'engine-frozen': ({ random }, atMs) => [
    { atMs, act: { do: 'freeze', node: 'leader', forMs: draw(random, [1000, 15_000]) } },
  ],
  'monitor-killed': ({ random }, atMs) => [
    { atMs, act: { do: 'kill', node: pick(random, MONITORS), ...restart(random) } },
  ],
  'monitor-frozen': ({ random }, atMs) => [
    {
      atMs,
      act: { do: 'freeze', node: pick(random, MONITORS), forMs: draw(random, [1000, 15_000]) },
    },
  ],
  'rough-bus': ({ random }, atMs) => [
    { atMs, act: { do: 'rough-bus', share: draw(random, [5, 40]) / 100 } },
    { atMs: atMs + draw(random, [10_000, 120_000]), act: { do: 'rough-bus', share: 0 } },
  ],
  'cut-from-bus': ({ random }, atMs) => {
    const node = pick(random, [...ENGINES, ...MONITORS])
    return [
      { atMs, act: { do: 'cut-from-bus', node } },
      { atMs: atMs + draw(random, [1000, 60_000]), act: { do: 'mend-bus', node } },
    ]
  },
  'node-isolated': ({ random }, atMs) => {
    const node = pick(random, [...ENGINES, ...MONITORS])
    return isolation([node], { atMs, untilMs: atMs + draw(random, [1000, 90_000]) })
  },
  'monitors-isolated': ({ random }, atMs) =>
    isolation(MONITORS, { atMs, untilMs: atMs + draw(random, [1000, 90_000]) }),
  'store-away': ({ random }, atMs) => [
    { atMs, act: { do: 'store-away', forMs: draw(random, [1000, 20_000]) } },
  ],
  'nova-trouble': ({ random }, atMs) => [
    { atMs, act: { do: 'nova', mood: pick(random, NOVA_MOODS) } },
    { atMs: atMs + draw(random, [5000, 120_000]), act: { do: 'calm-nova' } },
  ],
  'cell-down': ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    const crashAt = Math.max(FIRST_MS, atMs - draw(random, [0, 30_000]))
    return [
      { atMs: crashAt, act: { do: 'crash', host } },
      { atMs: Math.max(crashAt, atMs), act: { do: 'hide-cell', hosts: [host] } },
      { atMs: atMs + draw(random, [5000, 200_000]), act: { do: 'hide-cell', hosts: [] } },
    ]
  },
  ...INSTANCE_AND_SERVICE_FAULTS,
  'segment-disabled': ({ random, segments }, atMs) => {
    const segment = pick(random, segments)
    return [
      { atMs, act: { do: 'disable-segment', segment } },
      { atMs: atMs + draw(random, [5000, 120_000]), act: { do: 'enable-segment', segment } },
    ]
  },
  maintenance: ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    const crashAt = atMs + draw(random, [-15_000, 30_000])
    return [
      { atMs, act: { do: 'begin-maintenance', host } },
      { atMs: Math.max(FIRST_MS, crashAt), act: { do: 'crash', host } },
      { atMs: atMs + draw(random, [40_000, 150_000]), act: { do: 'end-maintenance', host } },
    ]
  },
  'wall-jump': ({ random }, atMs) => [
    { atMs, act: { do: 'jump-wall', byMs: draw(random, [-3_600_000, 3_600_000]) } },
  ],
  'reported-crash': ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    return [
      { atMs, act: { do: 'crash', host } },
      { atMs: atMs + draw(random, [1000, 20_000]), act: { do: 'report', host, times: 2 } },
    ]
  },
  'false-report': ({ random, hosts }, atMs) => [
    { atMs, act: { do: 'report', host: pick(random, hosts), times: 2 } },
  ],
} as const satisfies Readonly<Record<string, FaultGenerator>>

const KINDS = Object.keys(FAULTS) as readonly (keyof typeof FAULTS)[]

const PEOPLE = { ...OPERATOR_FAULTS, ...OWNER_FAULTS } as const satisfies Readonly<
  Record<string, FaultGenerator>
>

const RACK_KINDS = Object.keys(RACK_FAULTS) as readonly (keyof typeof RACK_FAULTS)[]

const LIES = Object.keys(LYING_FAULTS) as readonly (keyof typeof LYING_FAULTS)[]

/** Owners act more often than operators. */
const PEOPLE_KINDS = [
  ...Object.keys(PEOPLE),
  ...Object.keys(OWNER_FAULTS),
  ...Object.keys(OWNER_FAULTS),
] as readonly (keyof typeof PEOPLE)[]

/** Faults in which people report that a host is dead. */
const REPORTING: readonly FaultKind[] = [
  'false-report',
  'operator-retries',
  'operator-changes-his-mind',
]

/** After these faults, observers may not be able to contradict a false report. */
const BLINDING: readonly FaultKind[] = [
  'rack-out-of-reach',
  'monitor-killed',
  'monitor-frozen',
  'rough-bus',
  'cut-from-bus',
  'node-isolated',
  'monitors-isolated',
]

const DEADLY: readonly (keyof typeof FAULTS)[] = [
  'host-crash',
  'host-crash',
  'host-hang',
  'host-cut-off',
  'host-unplugged',
  'host-returns',
  'rack-crash',
  'reported-crash',
  'bmc-trouble',
  'monitors-isolated',
]

const BMC_TROUBLES: readonly BmcMood[] = [
  'silent',
  'refuses',
  'ignores',
  'slow',
  'loses-order',
  'loses-answer',
]

const NOVA_MOODS: readonly Partial<NovaMood>[] = [
  { outage: true },
  { latencyMs: [1000, 8000] },
  { strainMs: 700, evacuationsMax: 3, retryAfterSeconds: 5 },
  { busyRate: 0.5, retryAfterSeconds: 15 },
  { brokenRate: 0.3 },
  { lostAnswerRate: 0.3, lostRequestRate: 0.1 },
  { claimFailureRate: 0.4, spawnFailureRate: 0.1 },
  { rebuildMs: [20_000, 90_000] },
]

const restart = (random: RandomPort): { readonly restartAfterMs: number } => ({
  restartAfterMs: draw(random, [500, 20_000]),
})

const isolation = (
  nodes: readonly string[],
  { atMs, untilMs }: { readonly atMs: number; readonly untilMs: number },
): readonly TimedAct[] =>
  nodes.flatMap((node): TimedAct[] => [
    { atMs, act: { do: 'isolate', node } },
    { atMs: untilMs, act: { do: 'reconnect', node } },
  ])
