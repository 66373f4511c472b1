/** Compares what the product did in a run with what really happened: every promise that was broken is one finding. Pure. */
import type { Track } from './footprint.ts'
import type { Acceptance, Arrival, GuestDeath, HostDeath, PowerOff } from './truth.ts'

/** A row of the store. */
export interface StoredNotification {
  readonly uuid: string
  readonly type: string
  readonly status: string
  readonly message: string | null
  readonly host: string
  /** Of a notification about an instance. */
  readonly instance: string | undefined
  /** When its status last changed. */
  readonly updatedAtMs: number
}

/** A row of the journal; the store gives ids in the order of its commits. */
export interface JournalLine {
  readonly id: number
  readonly epoch: number
  readonly step: string
  readonly subject: string
}

/** An instance at the end of a run. */
export interface Copy {
  readonly instance: string
  readonly vmState: string
  /** Where Nova shows it. */
  readonly host: string | null
  /** Where it really runs. */
  readonly hosts: readonly string[]
}

/** Everything that is known of a run, at its end. */
export interface Evidence {
  readonly notifications: readonly StoredNotification[]
  readonly journal: readonly JournalLine[]
  readonly hostDeaths: readonly HostDeath[]
  readonly guestDeaths: readonly GuestDeath[]
  readonly acceptances: readonly Acceptance[]
  readonly powerOffs: readonly PowerOff[]
  readonly arrivals: readonly Arrival[]
  readonly copies: readonly Copy[]
  /** What the simulated world has noticed itself. */
  readonly violations: readonly string[]
  readonly tracks: readonly Track[]
  readonly unexpectedEnds: readonly string[]
  /** Messages of the fault stream that no engine has acknowledged. */
  readonly pendingFaults: number
}

/** A promise that was broken. */
export interface Finding {
  readonly promise:
    | 'every fault ends'
    | 'one copy'
    | 'one evacuation'
    | 'no healthy host is fenced'
    | 'no stale epoch'
    | 'no leak'
    | 'no crash'
  readonly what: string
}

const OPEN: readonly string[] = ['new', 'running', 'error']
/** Times of creation are whole seconds. */
const ROUNDING_MS = 1000

/** Empty when every promise was kept. */
export const judge = (evidence: Evidence): readonly Finding[] => [
  ...unended(evidence),
  ...unreported(evidence),
  ...copies(evidence),
  ...repeated(evidence),
  ...healthyFences(evidence),
  ...staleSteps(evidence),
  ...leaks(evidence.tracks),
  ...evidence.unexpectedEnds.map((what): Finding => ({ promise: 'no crash', what })),
  ...evidence.violations.map((what): Finding => ({ promise: promiseOf(what), what })),
]

/** The simulated world names a promise by its number. */
const promiseOf = (violation: string): Finding['promise'] =>
  violation.startsWith('I3') ? 'one evacuation' : 'one copy'

function unended({ notifications, acceptances, pendingFaults }: Evidence): readonly Finding[] {
  const promise = 'every fault ends'
  const known = new Set(notifications.map(({ uuid }) => uuid))
  return [
    ...notifications
      .filter(({ status }) => OPEN.includes(status))
      .map(
        ({ uuid, type, host, status, message }) =>
          ({
            promise,
            what: `${type} ${uuid} of ${host} is still ${status}: ${message ?? 'without a word'}`,
          }) as const,
      ),
    ...acceptances
      .filter(({ notification }) => !known.has(notification))
      .map(
        ({ notification, what }) =>
          ({
            promise,
            what: `${what} was accepted as ${notification}, and is not in the store`,
          }) as const,
      ),
    ...(pendingFaults === 0
      ? []
      : [{ promise, what: `${pendingFaults} faults in the stream were never taken` } as const]),
  ]
}

/** Every death that the harness caused has a notification that ended after it. It may have begun before, by a false report. */
function unreported(evidence: Evidence): readonly Finding[] {
  const { notifications, hostDeaths, guestDeaths, copies: ends } = evidence
  const isAbout = (death: { readonly host: string; readonly atMs: number }, type: string) =>
    notifications.filter(
      (each) =>
        each.type === type &&
        each.host === death.host &&
        each.updatedAtMs + ROUNDING_MS > death.atMs,
    )
  const silentHosts = hostDeaths
    .filter((death) => isAbout(death, 'COMPUTE_HOST').every(({ status }) => status === 'ignored'))
    .map(({ host, fate }) => `${host} ${fate}, and no recovery of it ended`)
  const runs = new Map(ends.map(({ instance, hosts }) => [instance, hosts.length > 0]))
  const silentGuests = guestDeaths
    .filter((death) => {
      const told = notifications.filter(
        ({ instance, updatedAtMs }) =>
          instance === death.instance && updatedAtMs + ROUNDING_MS > death.atMs,
      )
      const isSilent = told.every(({ status }) => status === 'ignored')
      return isSilent && runs.get(death.instance) !== true
    })
    .map(
      ({ instance, host }) =>
        `${instance} died on ${host}, no recovery of it ended, and it does not run`,
    )
  return [...silentHosts, ...silentGuests].map((what) => ({ promise: 'every fault ends', what }))
}

function copies({ copies: ends, notifications }: Evidence): readonly Finding[] {
  const failed = notifications.filter(({ status }) => status === 'failed')
  // What was given up has its reason in the notification: of the instance, or of its host.
  const explained = new Set(
    failed.map(({ type, instance, host }) => (type === 'VM' ? instance : host)),
  )
  return ends.flatMap(({ instance, vmState, host, hosts }): Finding[] => {
    if (hosts.length > 1) {
      return [{ promise: 'one copy', what: `${instance} runs on ${hosts.join(' and ')}` }]
    }
    const isGivenUp = explained.has(instance) || (host !== null && explained.has(host))
    const isMissing = hosts.length === 0 && vmState === 'active' && !isGivenUp
    const what = `${instance} is active for Nova and runs nowhere`
    return isMissing ? [{ promise: 'every fault ends', what }] : []
  })
}

/** An instance leaves a host once for each death of the host. */
function repeated({ arrivals, hostDeaths }: Evidence): readonly Finding[] {
  const counts = new Map<string, number>()
  for (const { instance, source, atMs } of arrivals) {
    const death = hostDeaths.findLastIndex((each) => each.host === source && each.atMs <= atMs)
    const key = `${instance} was evacuated from ${source} (its death ${death + 1})`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([what, count]) => ({ promise: 'one evacuation', what: `${what} ${count} times` }))
}

const healthyFences = ({ powerOffs }: Evidence): readonly Finding[] =>
  powerOffs
    .filter(({ machine }) => machine === 'healthy')
    .map(({ host, atMs }) => ({
      promise: 'no healthy host is fenced',
      what: `${host} was healthy, and was powered off at ${new Date(atMs).toISOString()}`,
    }))

function staleSteps({ journal }: Evidence): readonly Finding[] {
  const findings: Finding[] = []
  let highest = 0
  for (const { id, epoch, step, subject } of journal) {
    if (epoch < highest) {
      const what = `line ${id}, ${step} of ${subject}, has epoch ${epoch} after epoch ${highest}`
      findings.push({ promise: 'no stale epoch', what })
    }
    highest = Math.max(highest, epoch)
  }
  return findings
}

/** What a process holds at the beginning of its life is no measure. On a busy machine it begins slowly, so its own time counts, too. */
const WARM_UP_MS = 60_000
const WARM_UP_CPU_MS = 20_000
/** A shorter life after that says nothing. */
const LIFE_MS = 120_000
const MEMORY_GROWTH_MB = 48
const MEMORY_GROWTH_SHARE = 0.4
const DESCRIPTORS_GROWTH = 24
const CHILDREN_GROWTH = 12
/** A process that has just ended is a zombie until its parent has noticed it. */
const ZOMBIES_MAX = 1

function leaks(tracks: readonly Track[]): readonly Finding[] {
  return tracks.flatMap(({ node, pid, startedAtMs, samples }) => {
    const grown = samples.filter(
      ({ atMs, cpuMs }) => atMs - startedAtMs > WARM_UP_MS && cpuMs > WARM_UP_CPU_MS,
    )
    const lasting = (grown.at(-1)?.atMs ?? 0) - (grown[0]?.atMs ?? 0)
    const zombies = samples.slice(-2).map((each) => each.zombies)
    const what =
      Math.min(...zombies) > ZOMBIES_MAX && zombies.length === 2
        ? `${Math.min(...zombies)} zombies`
        : lasting < LIFE_MS
          ? undefined
          : growth(grown)
    return what === undefined ? [] : [{ promise: 'no leak', what: `${node} (${pid}): ${what}` }]
  })
}

/** Compares the first and the last third. */
function growth(samples: Track['samples']): string | undefined {
  const third = Math.max(1, Math.floor(samples.length / 3))
  const of = (field: 'memoryMb' | 'descriptors' | 'children') => ({
    before: middle(samples.slice(0, third).map((each) => each[field])),
    after: middle(samples.slice(-third).map((each) => each[field])),
  })
  const memory = of('memoryMb')
  const more = memory.after - memory.before
  if (more > MEMORY_GROWTH_MB && more > MEMORY_GROWTH_SHARE * memory.before) {
    return `its memory grew from ${memory.before.toFixed(0)} to ${memory.after.toFixed(0)} MB`
  }
  const descriptors = of('descriptors')
  if (descriptors.after - descriptors.before > DESCRIPTORS_GROWTH) {
    return `its descriptors grew from ${descriptors.before} to ${descriptors.after}`
  }
  const children = of('children')
  if (children.after - children.before > CHILDREN_GROWTH) {
    return `its children grew from ${children.before} to ${children.after}`
  }
  return undefined
}

const middle = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
