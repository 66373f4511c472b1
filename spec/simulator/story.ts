/**
 * Failover stories: the steps of a folder are played in a small simulated deployment, and the log
 * is compared with the golden one.
 */
import { readFileSync, writeFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../../ops/load-config.ts'
import { rulesOf, type Rules } from '../../ops/roles/rules.ts'
import { perform, type Act } from '../../ops/simulator/acts.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import type { Layout } from '../../ops/simulator/layout.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'

/**
 * One line of `steps.json`: something that is done, or something that must be true at that time.
 */
type Step =
  | { readonly atMs: number; readonly act: Act }
  | { readonly atMs: number; readonly expect: Partial<Facts> }

export interface Story {
  readonly size?: Layout
  /** Lines of a configuration file. */
  readonly options?: string
  readonly steps: readonly Step[]
}

/** The facts that a story may expect; of objects only the named parts. */
export interface Facts {
  /** Statuses of all notifications of a host, oldest first. */
  readonly notifications: Readonly<Record<string, readonly string[]>>
  /** The reasons of the same. */
  readonly reasons: Readonly<Record<string, readonly (string | null)[]>>
  /** Why each report had to wait, as recorded last, oldest first. */
  readonly held: Readonly<Record<string, readonly (string | null)[]>>
  /** The ground of each host's death certificate, oldest first. */
  readonly grounds: Readonly<Record<string, readonly (string | null)[]>>
  /** Instance moves by status. */
  readonly moves: Readonly<Record<string, number>>
  readonly power: Readonly<Record<string, string>>
  /** What keeps instances away from each host. */
  readonly flags: Readonly<
    Record<
      string,
      { readonly disabled: boolean; readonly forcedDown: boolean; readonly onMaintenance: boolean }
    >
  >
  /** The state of each instance in Nova, its task, and whether it is locked. */
  readonly states: Readonly<Record<string, string>>
  /** The outcome of each instance that was to be moved, and why. */
  readonly verdicts: Readonly<Record<string, string>>
  /** What is known of the guest of each instance that was moved last, and why. */
  readonly guests: Readonly<Record<string, string | null>>
  /** On how many hosts each instance really runs. */
  readonly copies: Readonly<Record<string, number>>
  /** The host of each instance in Nova. */
  readonly places: Readonly<Record<string, string | null>>
  /** Hosts that are reserved. */
  readonly reserved: readonly string[]
  /** Members of each aggregate. */
  readonly aggregates: Readonly<Record<string, readonly string[]>>
  /** Why instances have not been moved yet. */
  readonly waiting: Readonly<Record<string, string | null>>
  /** Evacuations that Nova has accepted. */
  readonly evacuations: number
  readonly leader: string | undefined
}

export interface Told {
  readonly log: string
  readonly expectations: readonly {
    readonly atMs: number
    readonly facts: Facts
    readonly expected: Partial<Facts>
  }[]
  readonly violations: readonly string[]
}

const SMALL: Layout = { segments: 1, hostsPerSegment: 4, instances: 8 }
const EVERYTHING = { limit: 1000, sort: [{ key: 'created_at', direction: 'asc' }] } as const

/** The rules of the embedded defaults, changed by lines of a configuration file. */
export function defaultRules(options = ''): Rules {
  const loaded = readConfig(options, 'embedded')
  if (loaded.kind === 'invalid') throw new Error('the embedded defaults are invalid')
  return rulesOf(loaded.config)
}

export const readStory = (folder: string): Story =>
  JSON.parse(readFileSync(join(folder, 'steps.json'), 'utf8')) as Story // a wrong step fails when it is performed

/** Plays a story from beginning to end. */
export async function tell({ size = SMALL, options, steps }: Story): Promise<Told> {
  await using deployment = new Deployment({
    seed: 1,
    size,
    rules: defaultRules(options),
    readsTakeTime: 'no',
  })
  await startAll(deployment)
  const expectations: Told['expectations'][number][] = []
  for (const step of steps) {
    await deployment.pass(step.atMs - deployment.clock.monotonicMs())
    deployment.checker.lookAround()
    if ('act' in step) await perform(deployment, step.act)
    else {
      const facts = await factsOf(deployment)
      expectations.push({ atMs: step.atMs, facts, expected: step.expect })
    }
  }
  const violations = [...deployment.cloud.violations, ...deployment.checker.violations]
  return { log: await goldenLog(deployment), expectations, violations }
}

/** The stored golden log, empty when there is none; `UPDATE_GOLDEN=1` writes it again. */
export function goldenOf(folder: string, log: string): string {
  const path = join(folder, 'expected.log')
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, log)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

async function factsOf({ store, cloud, segments, leader }: Deployment): Promise<Facts> {
  const names = segments.flatMap(({ hosts }) => hosts.map(({ name }) => name))
  const hosts = new Map((await store.listAllHosts()).map(({ uuid, name }) => [uuid, name]))
  const notifications = await store.listNotifications({}, EVERYTHING)
  const byHost = Object.groupBy(notifications, ({ sourceHost }) => hosts.get(sourceHost) ?? '?')
  const moves = await Promise.all(
    notifications.map(({ uuid }) => store.listMoves({ notification: uuid }, EVERYTHING)),
  )
  const grounds = new Map(
    await Promise.all(
      notifications.map(async ({ uuid }) => {
        const certificate = await store.getCertificate(uuid)
        return [uuid, certificate?.ground ?? null] as const
      }),
    ),
  )
  const held = new Map(
    await Promise.all(
      notifications.map(async ({ uuid }) => {
        const journal = await store.listJournal(uuid)
        return [uuid, journal.findLast(({ step }) => step === 'hold')?.detail ?? null] as const
      }),
    ),
  )
  const byStatus = Object.groupBy(moves.flat(), ({ status }) => status)
  return {
    notifications: mapValues(byHost, (rows) => rows.map(({ status }) => status)),
    reasons: mapValues(byHost, (rows) => rows.map(({ message }) => message)),
    held: mapValues(byHost, (rows) => rows.map(({ uuid }) => held.get(uuid) ?? null)),
    grounds: mapValues(byHost, (rows) => rows.map(({ uuid }) => grounds.get(uuid) ?? null)),
    moves: mapValues(byStatus, (rows) => rows.length),
    flags: Object.fromEntries(
      (await store.listAllHosts()).map(({ name, onMaintenance }) => {
        const { disabled, forcedDown } = cloud.machine(name)
        return [name, { disabled, forcedDown, onMaintenance }]
      }),
    ),
    power: Object.fromEntries(names.map((name) => [name, cloud.machine(name).power])),
    copies: Object.fromEntries(
      cloud.instances.map(({ id, name }) => [name, cloud.copiesOf(id).length]),
    ),
    states: Object.fromEntries(
      cloud.instances.map(({ name, vmState, taskState, locked }) => [
        name,
        [vmState, taskState ?? '', locked ? 'locked' : ''].filter((word) => word !== '').join(' '),
      ]),
    ),
    verdicts: Object.fromEntries(
      moves
        .flat()
        .map(({ instanceName, status, message }) => [
          instanceName,
          message === null ? status : `${status}: ${message}`,
        ]),
    ),
    guests: Object.fromEntries(
      moves
        .flat()
        .map(({ instanceName, guest }) => [
          instanceName,
          guest === null || guest.reason === null
            ? (guest?.state ?? null)
            : `${guest.state}: ${guest.reason}`,
        ]),
    ),
    places: Object.fromEntries(cloud.instances.map(({ name, host }) => [name, host])),
    reserved: (await store.listAllHosts()).flatMap((host) => (host.reserved ? [host.name] : [])),
    aggregates: Object.fromEntries(cloud.aggregates),
    waiting: Object.fromEntries(
      (byStatus.pending ?? []).map(({ instanceName, message }) => [instanceName, message]),
    ),
    evacuations: cloud.counters.get('evacuation.accepted') ?? 0,
    leader,
  }
}

function mapValues<Value, Answer>(
  record: Partial<Record<string, Value>>,
  answer: (value: Value) => Answer,
): Readonly<Record<string, Answer>> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, answer(value)]],
    ),
  )
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
const LEADING = /lease-holder\/engine\/leader\/(\d+)\/(?:\S+\/)?([a-z-]+)\/([^/\s]+): (.*)$/
const OTHER = /(?:\S+\/)?([a-z-]+)\/([^/\s]+): (.*)$/

/**
 * One line for each transition, switch, or write to the cloud; names for ids, the epoch last,
 * seconds with one decimal.
 */
async function goldenLog(deployment: Deployment): Promise<string> {
  const names = await namesOf(deployment)
  const lines = deployment.trace
    .filter((line) => !/host-watcher\/\S+: blind => alive/.test(line))
    .map((line) =>
      line
        .replace(UUID, (id) => names.get(id) ?? 'unknown')
        .replace(LEADING, '$2 $3: $4 (epoch $1)')
        .replace(OTHER, '$1 $2: $3')
        .replace(/^\d+/, (ms) => (Number(ms) / 1000).toFixed(1)),
    )
  return `${withoutRepeatedHolds(lines).join('\n')}\n`
}

const RECOVERY = /recovery (\S+): (.*)$/

/** A recovery that is decided again and held for the same reason adds no line. */
function withoutRepeatedHolds(lines: readonly string[]): readonly string[] {
  const steps = lines.flatMap((line, at) => {
    const [, name, what = ''] = RECOVERY.exec(line) ?? []
    return name === undefined ? [] : [{ name, what, at }]
  })
  const repeated = new Set<number>()
  for (const own of Map.groupBy(steps, ({ name }) => name).values()) {
    for (const [index, { what }] of own.entries()) {
      const isHeld = what.startsWith('deciding => held') && own[index - 3]?.what === what
      if (!isHeld || own[index - 2]?.what.startsWith('held => queued') !== true) continue
      for (const { at } of own.slice(index - 2, index + 1)) repeated.add(at)
    }
  }
  return lines.filter((_line, at) => !repeated.has(at))
}

/** A recovery is named after its host: `compute-02#1` is the first one. */
async function namesOf(deployment: Deployment): Promise<ReadonlyMap<string, string>> {
  const { store, cloud, segmentIds } = deployment
  const names = new Map<string, string>()
  for (const [name, id] of segmentIds) names.set(id, name)
  for (const { uuid, name } of await store.listAllHosts()) names.set(uuid, name)
  for (const { id, name } of cloud.instances) names.set(id, name)
  const counts = new Map<string, number>()
  for (const { uuid, sourceHost } of await store.listNotifications({}, EVERYTHING)) {
    const host = names.get(sourceHost) ?? 'unregistered'
    const count = (counts.get(host) ?? 0) + 1
    counts.set(host, count)
    names.set(uuid, `${host}#${count}`)
  }
  return names
}
