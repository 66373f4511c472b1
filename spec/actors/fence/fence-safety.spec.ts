/** However the BMC behaves, nobody is called dead without a proof, and nobody is told twice. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  fence,
  type FenceEffect,
  type FenceMessage,
  type FenceOrder,
  type FenceState,
} from '../../../actors/fence/fence.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import { refOf } from '../../../actors/kernel/ref.ts'
import { EPOCH, H1, N1, ONE, certificateRow } from '../records.ts'

const TIMING = { deadlineMs: 60_000, retryMs: 1000, verifyMs: 500 }
const ORDER: FenceOrder = {
  notification: N1,
  host: H1,
  hostName: ONE,
  epoch: EPOCH,
  evidence: [],
  consent: false,
  replyTo: refOf('segment', 'one'),
}

const read = (power: 'on' | 'off'): FenceMessage => ({ type: 'fence.power-read', power })
const failed = (hopeless: boolean): FenceMessage => ({
  type: 'fence.power-failed',
  reason: 'silence',
  hopeless,
})
const MESSAGES: readonly FenceMessage[] = [
  read('on'),
  read('off'),
  failed(false),
  failed(true),
  { type: 'fence.power-off-ordered' },
  { type: 'fence.forbidden', reason: 'disabled' },
  { type: 'fence.read-due' },
  { type: 'fence.deadline-passed' },
  { type: 'fence.abandon', reason: 'seen alive' },
  { type: 'fence.certified', certificate: certificateRow() },
]

/** Mostly a machine that stays on, so that walks climb for a while. */
const messages = fc.oneof(
  fc.constantFrom(...MESSAGES),
  fc.constantFrom(read('on'), read('on'), failed(false)),
)

type Effect = FenceEffect | KernelEffect<FenceMessage>

/** Every effect of a walk, with the message that led to it. */
function walk(
  sequence: readonly FenceMessage[],
  consent: boolean,
): readonly [FenceMessage, Effect][] {
  const step = fence({ ...ORDER, consent }, TIMING)
  const seen: [FenceMessage, Effect][] = []
  let state: FenceState = { kind: 'idle' }
  for (const message of [{ type: 'fence.begin' } as const, ...sequence]) {
    const [next, effects] = step(state, message)
    for (const effect of effects) seen.push([message, effect])
    state = next
  }
  return seen
}

test('a certificate is only asked for when the power reads off, or with written consent', (t) => {
  fc.assert(
    fc.property(fc.array(messages), fc.boolean(), (sequence, consent) =>
      walk(sequence, consent).every(([message, effect]) => {
        if (effect.type !== 'certificate.save') return true
        if (effect.ground === 'consent') return consent
        return message.type === 'fence.power-read' && message.power === 'off'
      }),
    ),
  )
  t.pass()
})

test('power off is ordered only for a host that was just read as on', (t) => {
  fc.assert(
    fc.property(fc.array(messages), fc.boolean(), (sequence, consent) =>
      walk(sequence, consent).every(
        ([message, effect]) =>
          effect.type !== 'power.off' ||
          (message.type === 'fence.power-read' && message.power === 'on'),
      ),
    ),
  )
  t.pass()
})

test('the segment hears of a fence once, and of a confirmed one only with its certificate', (t) => {
  fc.assert(
    fc.property(fc.array(messages), fc.boolean(), (sequence, consent) => {
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
  t.pass()
})
