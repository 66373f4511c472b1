/** What was counted in the host-years, for each class of faults. */
import { FAULT_CLASSES, type FaultClass } from './faults.ts'

export interface ClassTally {
  /** How many faults of this class there were. */
  faults: number
  /** An observer suspected a host. */
  suspicions: number
  /** An observer called a host dead. */
  deadWords: number
  /** Observers agreed, and a fault was reported. */
  incidents: number
  /** The leader would have powered the host off, or have certified its death. */
  verdicts: number
  /** What one observer that needs the same number of silent answers in a row would have called dead. */
  naiveDeaths: number
}

/** Counts are added where things happen; what was skipped is added as expected. */
export class HostYearsTally {
  readonly byClass: ReadonlyMap<FaultClass, ClassTally> = new Map(
    FAULT_CLASSES.map((name) => [name, newClassTally()]),
  )
  hostMs = 0
  /** Over SSH, by all monitors. */
  probes = 0
  misses = 0
  /** Of them those that were simulated one by one. */
  probesSimulated = 0
  episodes = 0

  of(name: FaultClass): ClassTally {
    const tally = this.byClass.get(name)
    if (tally === undefined) throw new RangeError(`there is no class ${name}`)
    return tally
  }

  total(field: keyof ClassTally): number {
    return [...this.byClass.values()].reduce((sum, tally) => sum + tally[field], 0)
  }

  get hostYears(): number {
    return this.hostMs / YEAR_MS
  }
}

export const YEAR_MS = 365.25 * 86_400_000

const newClassTally = (): ClassTally => ({
  faults: 0,
  suspicions: 0,
  deadWords: 0,
  incidents: 0,
  verdicts: 0,
  naiveDeaths: 0,
})

/**
 * With 95 % certainty events are no more frequent than this many per unit of `exposure`: the exact limit of a Poisson count (Garwood
 * 1936). After none it is 3.0 / exposure, the rule of three (Hanley and Lippman-Hand 1983).
 */
export function upperBound(events: number, exposure: number): number {
  let [low, high] = [0, 10 + 3 * events]
  for (let step = 0; step < BISECTIONS; step += 1) {
    const mean = (low + high) / 2
    if (poissonAtMost(events, mean) > RISK) low = mean
    else high = mean
  }
  return high / exposure
}

const RISK = 0.05
/** Down to a thousandth of a millionth. */
const BISECTIONS = 50

function poissonAtMost(events: number, mean: number): number {
  let [term, sum] = [Math.exp(-mean), 0]
  for (let count = 0; count <= events; count += 1) {
    sum += term
    term *= mean / (count + 1)
  }
  return sum
}
