/** The rows of the simulated Nova: instances and evacuation records. */
import type {
  Evacuation,
  Instance,
  InstanceAction,
  ServerGroup,
} from '../../actors/ports/compute.ts'
import { instanceId, type HostName, type InstanceId } from '../../schema/ids.ts'
import { notFound } from './nova-errors.ts'
import { ExpectedStates } from './expected-states.ts'

type Mutable<Row> = { -readonly [Field in keyof Row]: Row[Field] }

/** The projects that own the instances. */
export const PROJECTS = [
  '0123456789abcdef0123456789abcdef',
  'fedcba9876543210fedcba9876543210',
] as const

/** A server as Nova shows it. */
export type InstanceRow = Mutable<Instance>

/** A migration record, and whether a process still works on it. */
export interface EvacuationRow extends Mutable<Evacuation> {
  /**
   * over: finished, or given up because the target died during it (Nova then leaves the record as
   * it is).
   */
  work: 'under-way' | 'over'
  /**
   * The boot number of the target that works on it. A machine that lost power since then no longer
   * works on it.
   */
  targetBoot: number | undefined
}

/** The tables, and the queries on them. */
export class NovaRows {
  readonly #instances = new Map<InstanceId, InstanceRow>()
  readonly #byName = new Map<string, InstanceRow>()
  readonly #evacuations = new Map<HostName, EvacuationRow[]>()
  /** Why the latest evacuation of an instance failed. */
  readonly failures = new Map<InstanceId, string>()
  /** How often the scheduler accepted no host for an instance. */
  readonly refusals = new Map<InstanceId, number>()
  /** Server groups. */
  groups: readonly ServerGroup[] = []
  /** The states that instances should have. */
  readonly expectedStates = new ExpectedStates()
  readonly #actions = new Map<InstanceId, InstanceAction[]>()
  #lastRecordId = 0

  constructor(instances: readonly InstanceRow[]) {
    for (const row of instances) this.addInstance(row)
  }

  get instances(): ReadonlyMap<InstanceId, InstanceRow> {
    return this.#instances
  }

  addInstance(row: InstanceRow): void {
    this.#instances.set(row.id, row)
    this.#byName.set(row.name, row)
    this.expectedStates.keep(row)
  }

  remove(row: InstanceRow): void {
    this.#instances.delete(row.id)
    this.#byName.delete(row.name)
  }

  /** The row for a client's request; throws COMPUTE_NOT_FOUND. */
  find(id: InstanceId): InstanceRow {
    const row = this.#instances.get(id)
    if (row === undefined) throw notFound(`instance ${id}`)
    return row
  }

  /** By id or by name. */
  seek(idOrName: string): InstanceRow | undefined {
    return this.#byName.get(idOrName) ?? this.instances.get(instanceId(idOrName))
  }

  /** By id or by name; throws RangeError for an unknown one. */
  get(idOrName: string): InstanceRow {
    const row = this.seek(idOrName)
    if (row === undefined) throw new RangeError(`no such instance: ${idOrName}`)
    return row
  }

  nameOf(id: InstanceId): string {
    return this.instances.get(id)?.name ?? id
  }

  /** Instances of one host, in the order of their creation. */
  onHost(host: HostName): readonly InstanceRow[] {
    return [...this.instances.values()].filter((row) => row.host === host)
  }

  ofProject(project: string): readonly InstanceRow[] {
    return [...this.instances.values()].filter((row) => row.project === project)
  }

  /** Records an action on an instance, of a user or of Nova itself. */
  noteAction(id: InstanceId, action: InstanceAction): void {
    const actions = this.#actions.get(id)
    if (actions === undefined) this.#actions.set(id, [action])
    else actions.unshift(action)
  }

  /** Newest first. */
  actionsOf(id: InstanceId): readonly InstanceAction[] {
    return this.#actions.get(id) ?? []
  }

  addEvacuation(order: {
    readonly row: InstanceRow
    readonly source: HostName
    readonly wanted: HostName | undefined
    readonly wallMs: number
  }): EvacuationRow {
    const { source, wallMs } = order
    this.#lastRecordId += 1
    const record: EvacuationRow = {
      id: String(this.#lastRecordId),
      instance: order.row.id,
      status: 'accepted',
      source,
      dest: order.wanted ?? null,
      createdAt: wallMs,
      work: 'under-way',
      targetBoot: undefined,
    }
    const records = this.#evacuations.get(source)
    if (records === undefined) this.#evacuations.set(source, [record])
    else records.push(record)
    return record
  }

  /** Oldest first. */
  evacuationsFrom(source: HostName): readonly EvacuationRow[] {
    return this.#evacuations.get(source) ?? []
  }

  /** How many evacuations are under way. */
  get underWay(): number {
    const all = [...this.#evacuations.values()].flat()
    return all.filter(({ work }) => work === 'under-way').length
  }

  /** Whether the host rebuilds an evacuated instance at present. */
  isRebuildingAt(host: string): boolean {
    const all = [...this.#evacuations.values()].flat()
    return all.some(
      ({ work, dest, targetBoot }) =>
        work === 'under-way' && dest === host && targetBoot !== undefined,
    )
  }

  /**
   * True while an evacuation of the instance may still start it somewhere. `bootOf` returns the
   * boot number of each target.
   */
  isOnItsWay(row: InstanceRow, bootOf: (host: HostName) => number | undefined): boolean {
    if (row.host === null) return false
    return this.evacuationsFrom(row.host).some(
      ({ instance, work, dest, targetBoot }) =>
        instance === row.id &&
        work === 'under-way' &&
        (targetBoot === undefined || dest === null || bootOf(dest) === targetBoot),
    )
  }
}
