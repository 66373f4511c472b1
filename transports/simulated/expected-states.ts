/** What instances are to be, as whoever is not one of us has left them: the truth that checks at the end know. */
import type { InstanceId } from '../../schema/ids.ts'
import type { InstanceRow } from './nova-rows.ts'

export interface ExpectedState extends Pick<InstanceRow, 'taskState' | 'powerState' | 'locked'> {
  /** Null when nobody can tell any more: Nova itself has found its emulator dead. */
  readonly vmState: string | null
}

export class ExpectedStates {
  readonly #byId = new Map<InstanceId, ExpectedState>()

  of(id: InstanceId): ExpectedState | undefined {
    return this.#byId.get(id)
  }

  /** As it is now, it is meant to be. */
  keep({ id, vmState, taskState, powerState, locked }: InstanceRow): void {
    this.#byId.set(id, { vmState, taskState, powerState, locked })
  }

  /** What its owner changed; a task of ours, and a lock of ours, are no wish. */
  change(id: InstanceId, part: Partial<ExpectedState>): void {
    const wish = this.#byId.get(id)
    if (wish !== undefined) this.#byId.set(id, { ...wish, ...part })
  }
}
