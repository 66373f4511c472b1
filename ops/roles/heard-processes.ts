/** What is known of the processes of a cloud from their messages: their trees, who is silent, and who leads. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { ShownProcess } from '../../gateway/plugins/health.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { LeaderProclaimed, RoleHealth } from '../../schema/messages/leadership.ts'
import { isoTime } from '../../schema/time.ts'

/** Each process publishes its tree so often. */
export const SAY_MS = 3000
/** Two messages in a row were lost, and the next one is late: the process is taken for gone. */
export const SILENT_MS = 8000
/** A process that went silent is shown for so long, so that an operator learns since when. */
const GONE_SHOWN_MS = 10 * 60_000
/**
 * Enough for one process on each of many compute hosts. When the map is full, further processes are
 * not shown.
 */
const PROCESSES_MAX = 4096
/** The limit for all messages that are kept. */
const BYTES_MAX = 32 * 1024 * 1024

interface Kept {
  readonly health: RoleHealth
  /** With which it leads, by its latest message; null when it does not lead. */
  readonly epoch: number | null
  readonly atMs: number
  readonly bytes: number
}

/** What a process says of itself. */
export interface ToldHealth {
  readonly health: RoleHealth
  readonly epoch: number | null
}

export class HeardProcesses {
  readonly #clock: ClockPort
  readonly #kept = new BoundedMap<string, Kept>({
    entriesMax: PROCESSES_MAX,
    whenFull: 'refuse',
    weight: { max: BYTES_MAX, of: ({ bytes }) => bytes },
  })
  /**
   * The highest epoch that was heard of lately. An earlier leader does not lead, whatever it says. It
   * counts while it is heard, so that a database that was restored cannot hide the leader for ever.
   */
  #newest: { readonly epoch: number; readonly atMs: number } = { epoch: 0, atMs: -Infinity }

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  note({ health, epoch }: ToldHealth, bytes: number): void {
    this.#forget(GONE_SHOWN_MS)
    this.#noteEpoch(epoch)
    const kept: Kept = { health, epoch, bytes, atMs: this.#clock.monotonicMs() }
    if (this.#kept.set(health.node, kept)) return
    // Those that are gone make room for one that is there.
    this.#forget(SILENT_MS)
    this.#kept.set(health.node, kept)
  }

  /** A new leader is shown as such before its next tree arrives. */
  noteProclaimed({ holder, epoch }: LeaderProclaimed): void {
    this.#noteEpoch(epoch)
    const known = this.#kept.get(holder)
    if (known === undefined) return
    this.#kept.set(holder, { ...known, epoch, atMs: this.#clock.monotonicMs() })
  }

  /** This process first, and at most one leader. */
  shown(own: ToldHealth): readonly ShownProcess[] {
    this.#forget(GONE_SHOWN_MS)
    this.#noteEpoch(own.epoch)
    const nowMs = this.#clock.monotonicMs()
    const others = [...this.#kept.values()].map(({ health, epoch, atMs }) => {
      const silentMs = nowMs - atMs
      return silentMs < SILENT_MS
        ? this.#present({ health, epoch })
        : this.#gone(health, isoTime(this.#clock.wallMs() - silentMs))
    })
    return [this.#present(own), ...others]
  }

  /** Engines that are not silent. */
  engines(): number {
    const sinceMs = this.#clock.monotonicMs() - SILENT_MS
    return [...this.#kept.values()].filter(
      ({ health, atMs }) => atMs > sinceMs && health.roles.includes('engine'),
    ).length
  }

  #present({ health, epoch }: ToldHealth): ShownProcess {
    const leads = epoch !== null && epoch === this.#newest.epoch
    return { ...health, leading: leads, epoch, silentSince: null }
  }

  /** Its actors do not run any more, as far as anybody knows. */
  #gone(health: RoleHealth, silentSince: string): ShownProcess {
    return { ...health, leading: false, epoch: null, silentSince, actors: [] }
  }

  #noteEpoch(epoch: number | null): void {
    if (epoch === null) return
    const atMs = this.#clock.monotonicMs()
    const isOver = atMs - this.#newest.atMs > SILENT_MS
    if (isOver || epoch >= this.#newest.epoch) this.#newest = { epoch, atMs }
  }

  #forget(silentMs: number): void {
    const since = this.#clock.monotonicMs() - silentMs
    for (const [name, { atMs }] of this.#kept.entries()) {
      if (atMs >= since) break
      this.#kept.delete(name)
    }
  }
}
