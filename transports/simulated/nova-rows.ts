/** What the simulated Nova has written down: instances and evacuation records. */
import type { Evacuation, Instance } from '../../actors/ports/compute.ts'
import { instanceId, type HostName, type InstanceId } from '../../schema/ids.ts'

type Mutable<Row> = { -readonly [Field in keyof Row]: Row[Field] }

/** A server as Nova believes it to be. */
export type InstanceRow = Mutable<Instance>

/** A migration record, and whether something still works on it. */
export interface EvacuationRow extends Mutable<Evacuation> {
  updatedAt: number
  /** over: finished, or given up because the target died under it (Nova then leaves the record as it is). */
  work: 'under-way' | 'over'
}

/** The tables and the questions asked of them. */
export class NovaRows {
  readonly instances: ReadonlyMap<InstanceId, InstanceRow>
  readonly #byName: ReadonlyMap<string, InstanceRow>
  readonly #evacuations = new Map<HostName, EvacuationRow[]>()
  #lastRecordId = 0

  constructor(instances: readonly InstanceRow[]) {
    this.instances = new Map(instances.map((row) => [row.id, row]))
    this.#byName = new Map(instances.map((row) => [row.name, row]))
  }

  /** By id or by name; throws RangeError for a wrong one. */
  get(idOrName: string): InstanceRow {
    const row = this.#byName.get(idOrName) ?? this.instances.get(instanceId(idOrName))
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

  addEvacuation(row: InstanceRow, source: HostName, wallMs: number): EvacuationRow {
    this.#lastRecordId += 1
    const record: EvacuationRow = {
      id: String(this.#lastRecordId),
      instance: row.id,
      status: 'accepted',
      source,
      dest: null,
      createdAt: wallMs,
      updatedAt: wallMs,
      work: 'under-way',
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

  /** True while an evacuation of the instance may still bring it to life somewhere. */
  isOnItsWay(row: InstanceRow): boolean {
    if (row.host === null) return false
    return this.evacuationsFrom(row.host).some(
      (record) => record.instance === row.id && record.work === 'under-way',
    )
  }
}
