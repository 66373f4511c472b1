/** Which guests of Nova's ran on a compute host: kept over a restart of the instance monitor. */
import type { InstanceId } from '../../schema/ids.ts'

/** One run of a guest. */
export interface KeptRun {
  readonly instance: InstanceId
  /** Another number is another run of the guest. */
  readonly run: number
}

export interface KeptRuns {
  /** The boot of the host in which they ran. */
  readonly boot: string
  /** When they were last seen to run, wall ms. */
  readonly keptAt: number
  readonly runs: readonly KeptRun[]
}

/** Of more guests than these, the first are kept: more than a host runs. */
export const KEPT_RUNS_MAX = 1000

/** Never rejects: without a disk nothing is kept, and the log says so once. */
export interface RunRecord {
  /** The present boot of the host; undefined where the system does not tell. */
  boot(): Promise<string | undefined>
  /** What was kept last; undefined when there is nothing, or nothing that this host has written. */
  read(): Promise<KeptRuns | undefined>
  /** Takes the place of what was kept before. */
  keep(kept: KeptRuns): Promise<void>
}
