/** How long recoveries, fences and moves take, from what the engine announces and how its actors change their states. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'
import { namesIn, type Witness } from '../roles/witness.ts'
import type { Metrics } from './metrics.ts'

/** More recoveries, or moves, than are under way at the same time. Of one that is forgotten, no duration is told. */
const UNDER_WAY_MAX = 20_000

interface Begun {
  readonly type: 'host' | 'instance' | 'service'
  readonly atMs: number
}

/** What a recovery is of, by the state in which it acts. */
const TYPES: Readonly<Record<string, Begun['type']>> = {
  fencing: 'host',
  evacuating: 'host',
  restarting: 'instance',
  disabling: 'service',
}

const underWay = <Value>(): BoundedMap<string, Value> =>
  new BoundedMap({ entriesMax: UNDER_WAY_MAX, whenFull: 'drop-oldest' })

export class RecoveryMetrics implements Witness {
  readonly #clock: ClockPort
  readonly #metrics: Metrics
  readonly #recoveries = underWay<Begun>()
  readonly #fences = underWay<{ readonly atMs: number; readonly rungAtMs: number }>()
  readonly #moves = underWay<number>()

  constructor(clock: ClockPort, metrics: Metrics) {
    this.#clock = clock
    this.#metrics = metrics
    for (const result of ENDS_OF_RECOVERIES) {
      for (const type of new Set(Object.values(TYPES))) {
        metrics.zero('instance_ha_recovery_seconds', { type, result })
      }
    }
    for (const result of ENDS_OF_FENCES) metrics.zero('instance_ha_fence_seconds', { result })
    for (const result of ENDS_OF_MOVES) metrics.zero('instance_ha_move_seconds', { result })
  }

  turned(path: string, from: string, to: string): void {
    const names = namesIn(path)
    const kind = [...names.keys()].at(-1)
    const notification = names.get('recovery')
    if (kind === 'lease-holder') this.#leadershipTurned(from, to)
    if (notification === undefined) return
    if (kind === 'recovery') this.#begin(notification, TYPES[to])
    if (kind === 'fence') this.#fenceTurned(notification, from, to)
  }

  announced<Name extends WireType>(type: Name, body: WireBody<Name>): void {
    // `type` tells which body it is; TypeScript cannot follow this by a type parameter.
    if (type === 'recovery.stepped') this.#stepped(body as WireBody<'recovery.stepped'>)
    if (type === 'move.stepped') this.#moved(body as WireBody<'move.stepped'>)
  }

  submitted(): void {}

  #leadershipTurned(from: string, to: string): void {
    const change = to === 'leader' ? 'won' : to === 'resigned' ? 'given-up' : 'lost'
    if (from === 'leader' || to === 'leader') {
      this.#metrics.count('instance_ha_leadership_changes_total', { change })
    }
  }

  #begin(notification: string, type: Begun['type'] | undefined): void {
    if (type === undefined || this.#recoveries.has(notification)) return
    this.#recoveries.set(notification, { type, atMs: this.#clock.monotonicMs() })
  }

  #fenceTurned(notification: string, from: string, to: string): void {
    const nowMs = this.#clock.monotonicMs()
    if (to === 'climbing' && from === 'idle') {
      this.#fences.set(notification, { atMs: nowMs, rungAtMs: nowMs })
    }
    const begun = this.#fences.get(notification)
    if (!ENDS_OF_FENCES.includes(to) || begun === undefined) return
    this.#metrics.observe('instance_ha_fence_seconds', nowMs - begun.atMs, { result: to })
    this.#fences.delete(notification)
  }

  #stepped({ notification, step, reason }: WireBody<'recovery.stepped'>): void {
    if (step === 'fence') this.#rungEnded(notification, rungOf(reason), 'failed')
    if (step === 'fenced') this.#rungEnded(notification, reason, 'confirmed')
    if (!ENDS_OF_RECOVERIES.includes(step)) return
    const begun = this.#recoveries.get(notification)
    if (begun === undefined) return
    const tookMs = this.#clock.monotonicMs() - begun.atMs
    const labels = { type: begun.type, result: step }
    this.#metrics.observe('instance_ha_recovery_seconds', tookMs, labels)
    this.#recoveries.delete(notification)
  }

  #rungEnded(notification: string, rung: string, result: string): void {
    const fence = this.#fences.get(notification)
    if (fence === undefined) return
    const nowMs = this.#clock.monotonicMs()
    const tookMs = nowMs - fence.rungAtMs
    this.#metrics.observe('instance_ha_fence_rung_seconds', tookMs, { rung, result })
    this.#fences.set(notification, { ...fence, rungAtMs: nowMs })
  }

  #moved({ notification, instance, status }: WireBody<'move.stepped'>): void {
    const move = `${notification}/${instance}`
    const nowMs = this.#clock.monotonicMs()
    if (status === 'ongoing') {
      this.#metrics.count('instance_ha_move_attempts_total')
      if (!this.#moves.has(move)) this.#moves.set(move, nowMs)
      return
    }
    const begunMs = this.#moves.get(move)
    if (begunMs === undefined || !ENDS_OF_MOVES.includes(status)) return
    this.#metrics.observe('instance_ha_move_seconds', nowMs - begunMs, { result: status })
    this.#moves.delete(move)
  }
}

const ENDS_OF_RECOVERIES: readonly string[] = ['finished', 'failed', 'ignored']
const ENDS_OF_FENCES: readonly string[] = ['fenced', 'unfenced']
const ENDS_OF_MOVES: readonly string[] = ['succeeded', 'failed', 'ignored']

const DEVICES: readonly string[] = ['bmc', 'redfish', 'ipmi', 'operator']

/** The kind of the rung that has failed: names of agents and commands are given by operators, so they are no labels. */
function rungOf(reason: string): string {
  const [title = ''] = reason.split(' ', 1)
  if (DEVICES.includes(title)) return title
  return title.startsWith('command/') ? 'command' : 'agent'
}
