/**
 * At most one evacuation is in flight for each instance (promise I3): a random walk through
 * everything that Nova may do.
 */
import test from 'ava'
import * as fc from 'fast-check'
import { hostOf } from '../../../actors/evacuator/places.ts'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import type { MovingEffect, MovingMessage } from '../../../actors/evacuator/evacuator-messages.ts'
import { scheduleMoves } from '../../../actors/evacuator/schedule-moves.ts'
import type { Evacuation } from '../../../actors/ports/compute.ts'
import type { InstanceId } from '../../../schema/ids.ts'
import { holds } from '../../support/holds.ts'
import { I2, M2, ONE } from '../records.ts'
import { RULES, movingOf, polled, refused, trackRow } from './tracks.ts'

/** A Nova that keeps a record of each request, and shows it late or never. */
class ForgetfulNova {
  readonly records: { record: Evacuation; shownAtMs: number }[] = []
  nowMs = 0

  ask(instance: InstanceId, target: Evacuation['dest'], delayMs: number): void {
    const id = `record-${this.records.length}`
    const record = { id, instance, status: 'accepted', source: ONE, dest: target }
    const shownAtMs = this.nowMs + delayMs
    this.records.push({ record: { ...record, createdAt: this.nowMs }, shownAtMs })
  }

  end(index: number, status: string): void {
    const entry = this.records[index % Math.max(1, this.records.length)]
    if (entry?.record.status === 'accepted') entry.record = { ...entry.record, status }
  }

  shown(): readonly Evacuation[] {
    const shown = this.records.filter(({ shownAtMs }) => shownAtMs <= this.nowMs)
    return shown.map(({ record }) => record).toReversed()
  }

  underWay(instance: InstanceId): number {
    return this.records.filter(
      ({ record }) => record.instance === instance && record.status === 'accepted',
    ).length
  }
}

const acts = fc.oneof(
  fc.record({
    act: fc.constantFrom('yes' as const, 'silence' as const, 'lost' as const, 'busy' as const),
    delayMs: fc.integer({ min: 0, max: RULES.graceMs - 1 }),
  }),
  fc.record({ act: fc.constant('refuse' as const), delayMs: fc.constant(0) }),
  fc.record({ act: fc.constant('look' as const), delayMs: fc.integer({ min: 0, max: 20_000 }) }),
  fc.record({ act: fc.constant('end' as const), delayMs: fc.nat(20) }),
)

test('whatever Nova answers, and however late, an instance never has two requests at the same time', (t) => {
  holds(
    t,
    fc.property(fc.array(acts, { maxLength: 80, size: 'max' }), (walk) => {
      const nova = new ForgetfulNova()
      const open: (MovingEffect & { readonly type: 'move.request' })[] = []
      let state = movingOf([trackRow(), trackRow({ move: M2, instance: I2 })])
      let safe = true
      const tell = (message: MovingMessage | undefined): void => {
        const step = message
          ? onMovingMessage(RULES, state, message)
          : scheduleMoves(RULES, state, nova.nowMs)
        state = step[0]
        for (const effect of step[1]) {
          if (effect.type === 'limiter.ask' && effect.requests.length > 0) {
            tell({ type: 'limiter.allowed', requests: effect.requests, atMs: nova.nowMs })
          }
          if (effect.type === 'move.settle') tell({ ...effect, type: 'move.settled' })
          if (effect.type !== 'move.request') continue
          if (nova.underWay(effect.instance) > 0) safe = false
          if (open.some(({ move }) => move === effect.move)) safe = false
          open.push(effect)
        }
      }
      tell(undefined)
      for (const { act, delayMs } of walk) {
        if (act === 'look') {
          nova.nowMs += delayMs
          tell(polled(nova.nowMs, nova.shown()))
          continue
        }
        if (act === 'end') {
          nova.end(delayMs, ['done', 'failed', 'error'][delayMs % 3] ?? 'done')
          continue
        }
        const request = open.shift()
        if (request === undefined) continue
        const { move, instance, target } = request
        const atMs = nova.nowMs
        if (act === 'yes' || act === 'silence') nova.ask(instance, hostOf(target), delayMs)
        if (act === 'yes') tell({ type: 'move.requested', move, atMs, startedAt: atMs })
        else if (act === 'refuse') tell(refused({ move, atMs }))
        else if (act === 'busy') tell(refused({ move, atMs, busy: true }))
        else tell({ type: 'move.unknown', move, atMs, startedAt: atMs })
      }
      return safe
    }),
    { numRuns: 400 },
  )
})
