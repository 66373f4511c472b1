/**
 * Whatever the rungs answer, no host is called dead without a proof, and the segment is told once.
 */
import test from 'ava'
import * as fc from 'fast-check'
import { fence } from '../../../actors/fence/fence.ts'
import type { FenceEffect, FenceMessage, FenceState } from '../../../actors/fence/fence-messages.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import { holds } from '../../support/holds.ts'
import { fenceOrder, FENCE_TIMING, BMC, AGENT, COMMAND, OPERATOR } from '../fence-order.ts'
import { UNSEEN, certificateRow } from '../records.ts'

const ORDER = fenceOrder(BMC, AGENT, COMMAND, OPERATOR)

const read = (power: 'on' | 'off', rung = 0): FenceMessage => ({
  type: 'fence.power-read',
  rung,
  power,
})
const failed = (hopeless: boolean, rung = 0): FenceMessage => ({
  type: 'fence.power-failed',
  rung,
  reason: 'silence',
  hopeless,
})
const ofRung = (rung: number): readonly FenceMessage[] => [
  read('on', rung),
  read('off', rung),
  failed(false, rung),
  failed(true, rung),
  { type: 'fence.power-off-ordered', rung },
  { type: 'fence.read-due', rung },
  { type: 'fence.deadline-passed', rung },
]
const CERTIFIED: FenceMessage = { type: 'fence.certified', certificate: certificateRow() }
const MESSAGES: readonly FenceMessage[] = [
  ...[0, 1, 2, 3].flatMap(ofRung),
  { type: 'fence.looked', look: UNSEEN },
  { type: 'fence.look-expired' },
  { type: 'fence.forbidden', reason: 'disabled' },
  { type: 'fence.abandon', reason: 'seen alive' },
  CERTIFIED,
]

const LOOKED: FenceMessage = { type: 'fence.looked', look: UNSEEN }

/** Mostly readings of on, so that the random walks do not end early. */
const messages = fc.oneof(
  fc.constantFrom(...MESSAGES),
  fc.constantFrom(read('on'), read('on'), failed(false), LOOKED),
)

/** Every rung in order until it fails: random walks rarely reach the later rungs. */
const climbs = fc
  .tuple(...[0, 1, 2, 3].map(onRung), fc.array(messages))
  .map((parts): readonly FenceMessage[] => parts.flat())

function onRung(rung: number): fc.Arbitrary<readonly FenceMessage[]> {
  const usual = fc.constantFrom(read('on', rung), failed(false, rung), LOOKED, CERTIFIED)
  return fc
    .array(fc.oneof(messages, fc.constantFrom(...ofRung(rung)), usual), { maxLength: 8 })
    .map((some) => [...some, { type: 'fence.deadline-passed', rung }])
}

const walks = fc.oneof(fc.array(messages), climbs)

type Effect = FenceEffect | KernelEffect<FenceMessage>

/**
 * Every effect of a walk, with the message that caused it. An effect that a look delayed follows
 * from an earlier reading.
 */
function walk(
  sequence: readonly FenceMessage[],
  consent: boolean,
): readonly [FenceMessage, Effect][] {
  const step = fence({ ...ORDER, lastResort: consent ? 'consent' : null }, FENCE_TIMING)
  const seen: [FenceMessage, Effect][] = []
  let state: FenceState = { kind: 'idle' }
  const read = new Map<number | null, FenceMessage>()
  for (const message of [{ type: 'fence.begin' } as const, ...sequence]) {
    if (message.type === 'fence.power-read') read.set(message.rung, message)
    const [next, effects] = step(state, message)
    for (const effect of effects) {
      const wasDelayed = message.type === 'fence.looked' && 'look' in effect
      const cause = wasDelayed ? read.get(effect.rung) : message
      seen.push([cause ?? message, effect])
    }
    state = next
  }
  return seen
}

test('a certificate is saved only when the power reads off, or with written consent', (t) => {
  holds(
    t,
    fc.property(walks, fc.boolean(), (sequence, consent) =>
      walk(sequence, consent).every(([message, effect]) => {
        if (effect.type !== 'certificate.save') return true
        if (effect.ground === 'consent') return consent
        return message.type === 'fence.power-read' && message.power === 'off'
      }),
    ),
  )
})

test('power off is ordered only for a host that was just read; through a BMC, only when it read on', (t) => {
  holds(
    t,
    fc.property(walks, fc.boolean(), (sequence, consent) =>
      walk(sequence, consent).every(
        ([message, effect]) =>
          effect.type !== 'rung.off' ||
          (message.type === 'fence.power-read' &&
            (message.power === 'on' || effect.rung !== 0) &&
            message.rung === effect.rung),
      ),
    ),
  )
})

/**
 * Whether each certificate by an agent or a command follows an order through it that was carried
 * out.
 */
function isOrderedBefore(sequence: readonly FenceMessage[]): boolean {
  const step = fence(ORDER, FENCE_TIMING)
  const [ordered, carriedOut] = [new Set<number>(), new Set<number>()]
  let [state] = step({ kind: 'idle' }, { type: 'fence.begin' })
  for (const message of sequence) {
    if (message.type === 'fence.power-off-ordered' && ordered.has(message.rung)) {
      carriedOut.add(message.rung)
    }
    const [next, effects] = step(state, message)
    for (const effect of effects) {
      if (effect.type === 'rung.off') ordered.add(effect.rung)
      const isOfProgram =
        effect.type === 'certificate.save' && (effect.rung === 1 || effect.rung === 2)
      if (isOfProgram && !carriedOut.has(effect.rung ?? -1)) return false
    }
    state = next
  }
  return true
}

/**
 * Messages of one rung that belong together: random walks rarely reach the later rungs in this
 * order.
 */
const episodes = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom<'on' | 'off'>('on', 'off'),
      fc.boolean(),
    ),
  )
  .map((steps) =>
    steps.flatMap(([rung, power, obeys]): readonly FenceMessage[] => [
      read(power, rung),
      obeys ? { type: 'fence.power-off-ordered', rung } : failed(false, rung),
      ...(power === 'on' ? [{ type: 'fence.deadline-passed', rung } as const] : []),
    ]),
  )

test('an agent or a command is believed only after its own order was carried out', (t) => {
  holds(
    t,
    fc.property(fc.oneof(walks, episodes), (sequence) =>
      // An earlier rung answers no more: what it says about its order is dropped, and so is its
      // reading.
      isOrderedBefore(sequence),
    ),
    { numRuns: 2000 },
  )
})

test('only the present rung is ordered, and an operator is never ordered', (t) => {
  holds(
    t,
    fc.property(walks, (sequence) => {
      let tried = 0
      return walk(sequence, false).every(([, effect]) => {
        if (effect.type === 'timer.start' && effect.name === 'deadline') tried += 1
        return effect.type !== 'rung.off' || (effect.rung === tried - 1 && effect.rung < 3)
      })
    }),
  )
})

test('the segment is told about a fence once, and about a confirmed one only with its certificate', (t) => {
  holds(
    t,
    fc.property(walks, fc.boolean(), (sequence, consent) => {
      const replies = walk(sequence, consent).filter(([, effect]) => effect.type === 'tell')
      return (
        replies.length <= 1 &&
        replies.every(
          ([message, effect]) =>
            effect.type !== 'tell' ||
            effect.message.type !== 'fence.confirmed' ||
            message.type === 'fence.certified',
        )
      )
    }),
  )
})
