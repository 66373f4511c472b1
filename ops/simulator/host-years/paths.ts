/** The ways over which observers, the leader, hosts and Nova reach each other, and the faults that lie on them now. */
import type { RandomPort } from '../../../actors/ports/clock.ts'
import type { LossRuns } from './loss-runs.ts'

/** One way: of a monitor (its number), of the leader, or of Nova, to a host. */
export interface Path {
  readonly from: number | 'leader' | 'nova'
  /** undefined: the way to the bus or to Nova itself. */
  readonly host: number | undefined
  readonly by: 'ssh' | 'bmc' | 'heartbeat' | 'nova' | 'word'
}

/** Something that takes a share of what goes over some paths. */
export interface PathFault {
  readonly covers: (path: Path) => boolean
  /** 1: nothing gets through. */
  readonly loss: number
}

export class Paths {
  readonly #random: RandomPort
  readonly #loss: number
  readonly #runs: LossRuns
  readonly #faults = new Set<PathFault>()

  /** `loss`: of every path, independently each time. `runs` draws it for the SSH probes of monitors. */
  constructor(random: RandomPort, loss: number, runs: LossRuns) {
    this.#random = random
    this.#loss = loss
    this.#runs = runs
  }

  begin(fault: PathFault): void {
    this.#faults.add(fault)
  }

  end(fault: PathFault): void {
    this.#faults.delete(fault)
  }

  /** Whether what is sent over this path now is lost. */
  isLost(path: Path): boolean {
    const isProbe = path.by === 'ssh' && typeof path.from === 'number'
    const name = isProbe ? sequenceName(path) : ''
    for (const { covers, loss } of this.#faults) {
      if (covers(path) && this.#random.next() < loss) {
        if (isProbe) this.#runs.lose(name)
        return true
      }
    }
    return isProbe ? this.#runs.isLost(name) : this.#random.next() < this.#loss
  }

  /** The watcher of this host in this monitor has ended. */
  forget(from: number, host: number): void {
    this.#runs.forget(sequenceName({ from, host }))
  }

  /** Whether a process has lost its connection to the bus. */
  isCut(path: Path): boolean {
    for (const { covers, loss } of this.#faults) if (loss === 1 && covers(path)) return true
    return false
  }
}

const sequenceName = ({ from, host }: Pick<Path, 'from' | 'host'>): string => `${from} ${host}`
