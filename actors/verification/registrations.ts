/**
 * Which host monitors run, by what the store shows of them (decision 0040). A monitor registers with each look at the inventory; its row
 * changes then. What counts is how many looks it did not change for: no clock is compared with another one's, and a store that is away,
 * which neither they write nor we read, makes nobody look gone. Pure.
 */
import type { RegisteredMonitor } from '../ports/roster-store.ts'
import type { Monitors, MonitorPresence } from './assignment.ts'

/** How often monitors register, and how often the registrations are looked at, ms. */
export const REGISTER_MS = 10_000
/** Two looks of which the second is sooner are one: rows had no time to change, ms. */
const LOOK_MS_MIN = 0.8 * REGISTER_MS
/** A row that was not changed for so many looks may be that of a monitor that has gone … */
const UNSURE_LOOKS = 3
/** … and for so many it is. */
const GONE_LOOKS = 9

interface Registration {
  readonly registeredAt: number
  /** Looks since it changed. */
  readonly unchanged: number
  /** Whether it was ever seen to change: the row of a monitor that has gone stays until it is purged. */
  readonly hasChanged: boolean
}

/** What is known of all of them. */
export interface Registrations {
  readonly byName: ReadonlyMap<string, Registration>
  readonly lookedAtMs: number
}

export const NO_REGISTRATIONS: Registrations = { byName: new Map(), lookedAtMs: -Infinity }

/** What is known after one more look. */
export function afterLook(
  { byName, lookedAtMs }: Registrations,
  rows: readonly RegisteredMonitor[],
  atMs: number,
): Registrations {
  const isSoon = atMs - lookedAtMs < LOOK_MS_MIN
  const isFirst = lookedAtMs === -Infinity
  const newest = Math.max(...rows.map(({ registeredAt }) => registeredAt))
  const entries = rows.map(({ name, registeredAt }) => {
    const before = byName.get(name)
    if (before === undefined) {
      // At the start: a row that is about as new as the newest one is that of a monitor that runs. A wrong clock only makes it unsure.
      const hasChanged = isFirst && newest - registeredAt < UNSURE_LOOKS * REGISTER_MS
      return [name, { registeredAt, unchanged: 0, hasChanged }] as const
    }
    if (before.registeredAt !== registeredAt) {
      return [name, { registeredAt, unchanged: 0, hasChanged: true }] as const
    }
    const unchanged = isSoon ? before.unchanged : before.unchanged + 1
    return [name, { ...before, unchanged }] as const
  })
  return { byName: new Map(entries), lookedAtMs: isSoon ? lookedAtMs : atMs }
}

/** Those that run or may run. */
export function monitorsOf({ byName }: Registrations): Monitors {
  const entries = [...byName].flatMap(([name, registration]) => {
    const presence = presenceOf(registration)
    return presence === undefined ? [] : [[name, presence] as const]
  })
  return new Map(entries)
}

function presenceOf({ unchanged, hasChanged }: Registration): MonitorPresence | undefined {
  if (unchanged >= GONE_LOOKS) return undefined
  return hasChanged && unchanged < UNSURE_LOOKS ? 'running' : 'unsure'
}
