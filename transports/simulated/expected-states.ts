/**
 * The states that instances should have, as their owners and administrators left them. The checks
 * at the end of a run use this truth.
 */
import type { InstanceId } from '../../schema/ids.ts'
import type { InstanceRow } from './nova-rows.ts'

export interface ExpectedState extends Pick<InstanceRow, 'taskState' | 'powerState' | 'locked'> {
  /** null when it cannot be known any more, because Nova itself has found the emulator dead. */
  readonly vmState: string | null
}

export class ExpectedStates {
  readonly #byId = new Map<InstanceId, ExpectedState>()

  of(id: InstanceId): ExpectedState | undefined {
    return this.#byId.get(id)
  }

  /** Takes the present state of the instance as its expected state. */
  keep({ id, vmState, taskState, powerState, locked }: InstanceRow): void {
    this.#byId.set(id, { vmState, taskState, powerState, locked })
  }

  /**
   * Takes a change by its owner into the expected state. A task of ours and a lock of ours are left
   * out.
   */
  change(id: InstanceId, part: Partial<ExpectedState>): void {
    const wish = this.#byId.get(id)
    if (wish !== undefined) this.#byId.set(id, { ...wish, ...part })
  }
}
