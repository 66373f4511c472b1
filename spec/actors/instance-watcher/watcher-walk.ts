/** Walks an instance-watcher through what happens to guests, second by second, and keeps what it reports and remarks. */
import {
  NO_GUESTS,
  instanceWatcher,
  type InstanceWatcherEffect,
  type InstanceWatcherMessage,
  type InstanceWatcherState,
} from '../../../actors/instance-watcher/instance-watcher.ts'
import type { ListedGuest } from '../../../schema/messages/observation.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { GuestEvent, GuestNews, GuestSign, GuestView } from '../../../actors/ports/guest.ts'
import type { KeptRuns } from '../../../actors/ports/run-record.ts'
import type { InstanceId } from '../../../schema/ids.ts'
import { I1 } from '../records.ts'

export const RULES = { intervalMs: 10_000, timeoutMs: 2000, samples: 3 }
const behaviour = instanceWatcher(RULES)

/** A guest that runs and has an agent. */
export const running = (instance: InstanceId = I1, change: Partial<GuestView> = {}): GuestView => ({
  instance,
  run: 1,
  power: 'running',
  agent: 'connected',
  ...change,
})

type Timer = { readonly dueMs: number; readonly message: InstanceWatcherMessage }

export class WatcherWalk {
  state: InstanceWatcherState = NO_GUESTS
  readonly reports: string[] = []
  readonly remarks: string[] = []
  /** Whether the bus takes what is submitted. */
  bus: 'takes' | 'refuses' = 'takes'
  atMs = 0
  /** What guests answer when they are asked; who is not in it is unknown. */
  readonly answers = new Map<InstanceId, GuestSign>()
  readonly asked: (readonly InstanceId[])[] = []
  /** Which guests the engine was told to run. */
  readonly lists: (readonly ListedGuest[])[] = []
  /** How often the record of guests that ran was written. */
  writes = 0
  readonly #timers = new Map<string, Timer>()
  #moments = 0

  /** What an instance monitor has on its disk, and the boot of its host. */
  readonly disk: { kept: KeptRuns | undefined; boot: string | undefined }

  constructor(...guests: readonly GuestView[]) {
    this.disk = { kept: undefined, boot: 'boot-1' }
    this.tell({ type: 'guests.begin' })
    this.news({ type: 'snapshot', guests })
  }

  /** Another process of the same instance monitor begins, and has not looked yet. */
  restart(): void {
    this.state = NO_GUESTS
    this.#timers.clear()
    this.tell({ type: 'guests.begin' })
  }

  news(...news: readonly GuestNews[]): void {
    this.tell({ type: 'guests.told', news, moment: this.#moment() })
  }

  events(...events: readonly GuestEvent[]): void {
    for (const event of events) this.news({ type: 'happened', instance: I1, event })
  }

  /** Lets time pass, with the timers in it. */
  pass(forMs: number): void {
    const untilMs = this.atMs + forMs
    for (;;) {
      const due = [...this.#timers]
        .filter(([, { dueMs }]) => dueMs <= untilMs)
        .toSorted(([, one], [, other]) => one.dueMs - other.dueMs)[0]
      if (due === undefined) break
      const [name, { dueMs, message }] = due
      this.#timers.delete(name)
      this.atMs = Math.max(this.atMs, dueMs)
      this.tell(message)
    }
    this.atMs = untilMs
  }

  tell(message: InstanceWatcherMessage): void {
    const [next, effects] = behaviour(this.state, message)
    this.state = next
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: InstanceWatcherEffect | KernelEffect<InstanceWatcherMessage>): void {
    switch (effect.type) {
      case 'timer.start':
        this.#timers.set(effect.name, {
          dueMs: this.atMs + effect.afterMs,
          message: effect.message,
        })
        return
      case 'guests.ask': {
        this.asked.push(effect.instances)
        const signs = new Map(
          effect.instances.map((id) => [id, this.answers.get(id) ?? 'unknown'] as const),
        )
        this.tell({ type: 'guests.heard', signs, askedAtMs: this.atMs, moment: this.#moment() })
        return
      }
      case 'report.submit': {
        const { id, event, domainEvent } = effect.fault
        if (this.bus === 'refuses') {
          this.tell({ type: 'report.refused', id, wallMs: this.atMs })
          return
        }
        this.reports.push(`${event} ${domainEvent}`)
        this.tell({ type: 'report.taken', id })
        return
      }
      case 'runs.find':
        this.tell({ type: 'runs.found', ...this.disk, moment: this.#moment() })
        return
      case 'runs.keep': {
        const { boot } = this.disk
        this.writes += 1
        if (boot !== undefined) this.disk.kept = { boot, keptAt: effect.keptAt, runs: effect.runs }
        return
      }
      case 'guests.list':
        this.lists.push(effect.guests)
        return
      case 'remark':
        this.remarks.push(effect.text)
        return
      default:
    }
  }

  #moment(): { readonly atMs: number; readonly wallMs: number; readonly id: string } {
    this.#moments += 1
    return { atMs: this.atMs, wallMs: this.atMs, id: `moment-${this.#moments}` }
  }
}
