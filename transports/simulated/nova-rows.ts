/** What the simulated Nova has written down: instances and evacuation records. */
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

/** Who owns the instances. */
export const PROJECTS = [
  '0123456789abcdef0123456789abcdef',
  'fedcba9876543210fedcba9876543210',
] as const

/** A server as Nova believes it to be. */
export type InstanceRow = Mutable<Instance>

/** A migration record, and whether something still works on it. */
export interface EvacuationRow extends Mutable<Evacuation> {
  /** over: finished, or given up because the target died under it (Nova then leaves the record as it is). */
  work: 'under-way' | 'over'
  /** The target's life that works on it, once one does: a machine that lost power since then has forgotten it. */
  targetBoot: number | undefined
}

/** The tables and the questions asked of them. */
export class NovaRows {
  readonly #instances = new Map<InstanceId, InstanceRow>()
  readonly #byName = new Map<string, InstanceRow>()
  readonly #evacuations = new Map<HostName, EvacuationRow[]>()
  /** Why the latest evacuation of an instance failed. */
  readonly failures = new Map<InstanceId, string>()
  /** How often the scheduler accepted no host for an instance. */
  readonly refusals = new Map<InstanceId, number>()
  /** Instances that are to be together, or apart. */
  groups: readonly ServerGroup[] = []
  /** What owners want. */
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

  /** As a client asks for it; throws COMPUTE_NOT_FOUND. */
  find(id: InstanceId): InstanceRow {
    const row = this.#instances.get(id)
    if (row === undefined) throw notFound(`instance ${id}`)
    return row
  }

  /** By id or by name. */
  seek(idOrName: string): InstanceRow | undefined {
    return this.#byName.get(idOrName) ?? this.instances.get(instanceId(idOrName))
  }

  /** By id or by name; throws RangeError for a wrong one. */
  get(idOrName: string): InstanceRow {
    const row = this.seek(idOrName)
    if (row === undefined) throw new RangeError(`no such instance: ${idOrName}`)
    return row
  }

  nameOf(id: InstanceId): string {
    return this.instances.get(id)?.name ?? id
  }

  /** Instances of one host in the order of their creation. */
  onHost(host: HostName): readonly InstanceRow[] {
    return [...this.instances.values()].filter((row) => row.host === host)
  }

  ofProject(project: string): readonly InstanceRow[] {
    return [...this.instances.values()].filter((row) => row.project === project)
  }

  /** Something is asked of an instance, or Nova does it by itself. */
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

  /** How many evacuations are at work. */
  get underWay(): number {
    const all = [...this.#evacuations.values()].flat()
    return all.filter(({ work }) => work === 'under-way').length
  }

  /** True while an evacuation of the instance may still bring it to life somewhere. `bootOf` tells each target's life. */
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
