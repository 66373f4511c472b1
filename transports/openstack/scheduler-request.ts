/**
 * What Nova's scheduler requests from Placement for an instance: its flavour with the overrides of
 * its extra specs. It follows the rules of Nova's documentation (flavours: `resources`, `trait`,
 * `hw:cpu_policy`, `hw:emulator_threads_policy`, `hw:pmem`, `hw:mem_encryption`). Properties of the
 * image are missing, because Nova does not show them with an instance.
 */
import { NOTHING, type Resources } from '../../schema/resources.ts'

export interface Flavor {
  readonly vcpus: number
  readonly ram: number
  readonly disk: number
  readonly ephemeral: number
  /** MB. */
  readonly swap: number
  /** A policy of Nova may hide them. */
  readonly extra_specs?: Readonly<Record<string, string>>
}

export interface SchedulerRequest {
  readonly needs: Resources
  /**
   * The query for Placement's allocation candidates; null when only the three usual classes are
   * requested.
   */
  readonly query: string | null
}

interface Group {
  readonly resources: Map<string, number>
  readonly required: Set<string>
  readonly forbidden: Set<string>
}

/** By suffix. The unnumbered group has the empty suffix. */
type Groups = Map<string, Group>

const USUAL: readonly string[] = ['VCPU', 'MEMORY_MB', 'DISK_GB']

/** The request for one instance. The disk of an instance on a volume does not count. */
export function requestOf(flavor: Flavor, disks: 'volume' | 'local'): SchedulerRequest {
  const specs = flavor.extra_specs ?? {}
  const groups: Groups = new Map()
  for (const [key, value] of Object.entries(specs)) readSpec(groups, key, value)
  pinCpus(groups, flavor, specs)
  addDefaults(groups, flavor, disks)
  for (const label of (specs['hw:pmem'] ?? '').split(',').filter((each) => each.trim() !== '')) {
    add(
      groups,
      `CUSTOM_PMEM_NAMESPACE_${label
        .trim()
        .toUpperCase()
        .replaceAll(/[^A-Z0-9]/g, '_')}`,
      1,
    )
  }
  if (isTrue(specs['hw:mem_encryption'])) add(groups, 'MEM_ENCRYPTION_CONTEXT', 1)
  for (const { resources } of groups.values()) {
    for (const [name, amount] of resources) if (amount === 0) resources.delete(name)
  }
  return { needs: needsOf(groups), query: queryOf(groups, specs['group_policy']) }
}

const KEY = /^(resources|trait)([A-Za-z0-9_-]{0,64}):(.+)$/

function readSpec(groups: Groups, key: string, value: string): void {
  const [, prefix, suffix = '', name = ''] = KEY.exec(key) ?? []
  if (prefix === 'resources' && /^[A-Z0-9_]+$/.test(name) && /^\d+$/.test(value)) {
    groupOf(groups, suffix).resources.set(name, Number(value))
  }
  if (prefix !== 'trait' || !/^[A-Z0-9_]+$/.test(name)) return
  if (value === 'required') groupOf(groups, suffix).required.add(name)
  if (value === 'forbidden') groupOf(groups, suffix).forbidden.add(name)
}

function groupOf(groups: Groups, suffix: string): Group {
  const known = groups.get(suffix)
  if (known !== undefined) return known
  const group: Group = { resources: new Map(), required: new Set(), forbidden: new Set() }
  groups.set(suffix, group)
  return group
}

function add(groups: Groups, name: string, amount: number): void {
  const { resources } = groupOf(groups, '')
  resources.set(name, (resources.get(name) ?? 0) + amount)
}

function pinCpus(groups: Groups, { vcpus }: Flavor, specs: Readonly<Record<string, string>>): void {
  const more = specs['hw:emulator_threads_policy'] === 'isolate' ? 1 : 0
  const { resources, required, forbidden } = groupOf(groups, '')
  const policy = specs['hw:cpu_policy']
  if (policy === 'dedicated') resources.set('PCPU', vcpus + more)
  if (policy === 'mixed') {
    const pinned = countCpus(specs['hw:cpu_dedicated_mask'] ?? specs['hw:cpu_realtime_mask'], vcpus)
    resources.set('PCPU', pinned + more)
    resources.set('VCPU', vcpus - pinned)
  }
  const threads = specs['hw:cpu_thread_policy']
  if (threads === 'isolate') forbidden.add('HW_CPU_HYPERTHREADING')
  if (threads === 'require') required.add('HW_CPU_HYPERTHREADING')
}

/**
 * The number of guest CPUs in a mask such as `0-3,^1,7`. A mask of exclusions only means all
 * others.
 */
function countCpus(mask: string | undefined, vcpus: number): number {
  const parts = (mask ?? '').split(',').map((part) => part.trim())
  const included = parts.filter((part) => part !== '' && !part.startsWith('^')).flatMap(rangeOf)
  const excluded = new Set(
    parts.filter((part) => part.startsWith('^')).flatMap((part) => rangeOf(part.slice(1))),
  )
  const all = included.length > 0 ? included : Array.from({ length: vcpus }, (_, cpu) => cpu)
  return new Set(all.filter((cpu) => cpu < vcpus && !excluded.has(cpu))).size
}

const CPUS_MAX = 4096

function rangeOf(part: string): readonly number[] {
  const [, first = '', last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? []
  if (first === '') return []
  const length = Math.min(CPUS_MAX, Math.max(0, Number(last) - Number(first) + 1))
  return Array.from({ length }, (_, index) => Number(first) + index)
}

/**
 * Adds the flavour's own amounts for those classes that no extra spec names, in any group, not even
 * with 0.
 */
function addDefaults(groups: Groups, flavor: Flavor, disks: 'volume' | 'local'): void {
  const named = new Set([...groups.values()].flatMap(({ resources }) => [...resources.keys()]))
  const disk =
    (disks === 'volume' ? 0 : flavor.disk) + flavor.ephemeral + Math.ceil(flavor.swap / 1024)
  if (!named.has('VCPU') && !named.has('PCPU')) add(groups, 'VCPU', flavor.vcpus)
  if (!named.has('MEMORY_MB')) add(groups, 'MEMORY_MB', flavor.ram)
  if (!named.has('DISK_GB')) add(groups, 'DISK_GB', disk)
}

const isTrue = (text = ''): boolean =>
  ['1', 't', 'true', 'on', 'y', 'yes'].includes(text.toLowerCase())

/** The sum of all groups. */
function needsOf(groups: Groups): Resources {
  const sum = new Map<string, number>()
  for (const { resources } of groups.values()) {
    for (const [name, amount] of resources) sum.set(name, (sum.get(name) ?? 0) + amount)
  }
  return resourcesOf(sum)
}

/** Resources from amounts by resource class. */
export function resourcesOf(amounts: Iterable<readonly [string, number]>): Resources {
  const all = new Map(amounts)
  const usual: Resources = {
    vcpus: all.get('VCPU') ?? 0,
    memoryMb: all.get('MEMORY_MB') ?? 0,
    diskGb: all.get('DISK_GB') ?? 0,
  }
  const others = [...all].filter(([name]) => !USUAL.includes(name))
  return others.length === 0 ? usual : { ...NOTHING, ...usual, others: Object.fromEntries(others) }
}

const bySuffix = ([one]: readonly [string, Group], [other]: readonly [string, Group]): number =>
  one < other ? -1 : 1

function queryOf(groups: Groups, policy: string | undefined): string | null {
  const isPlain = [...groups].every(
    ([suffix, { resources, required, forbidden }]) =>
      suffix === '' &&
      required.size + forbidden.size === 0 &&
      [...resources.keys()].every((name) => USUAL.includes(name)),
  )
  if (isPlain) return null
  const query = new URLSearchParams()
  for (const [suffix, { resources, required, forbidden }] of [...groups].toSorted(bySuffix)) {
    const amounts = [...resources].map(([name, amount]) => `${name}:${amount}`).toSorted()
    const traits = [
      ...[...required].toSorted(),
      ...[...forbidden].toSorted().map((name) => `!${name}`),
    ]
    if (amounts.length > 0) query.set(`resources${suffix}`, amounts.join(','))
    if (traits.length > 0) query.set(`required${suffix}`, traits.join(','))
  }
  if (policy === 'none' || policy === 'isolate') query.set('group_policy', policy)
  return query.toString()
}
