/** Thousands of guests' faults: the window reads them in pages, and not once for each. */
import test from 'ava'
import { SMALL_PAGE, dedupWindow } from '../../../actors/dedup-window/dedup-window.ts'
import {
  EMPTY_WINDOW,
  type DedupWindowEffect,
  type DedupWindowMessage,
  type DedupWindowState,
  type UnfinishedPart,
} from '../../../actors/dedup-window/window-state.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import { refOf } from '../../../actors/registry.ts'
import type { UnfinishedRecovery } from '../../../actors/ports/store.ts'
import { notificationId } from '../../../schema/ids.ts'
import { H1, hostRow, notificationRow } from '../records.ts'
import { WINDOW_RULES } from '../window-rules.ts'
import { timer } from '../step-table.ts'

const RULES = { ...WINDOW_RULES, freshMs: 9000 }
const behaviour = dedupWindow(RULES, refOf('leader', '7'))

type Effect = DedupWindowEffect | KernelEffect<DedupWindowMessage>

/** Where the messages lead from a state, and all that was asked for on the way. */
function after(
  messages: readonly DedupWindowMessage[],
  from: DedupWindowState = { ...EMPTY_WINDOW, settled: true },
): { readonly state: DedupWindowState; readonly effects: readonly Effect[] } {
  let state = from
  const effects: Effect[] = []
  for (const message of messages) {
    const [next, more] = behaviour(state, message)
    state = next
    effects.push(...more)
  }
  return { state, effects }
}

const looked = (
  part: UnfinishedPart,
  ...unfinished: readonly UnfinishedRecovery[]
): DedupWindowMessage => ({
  type: 'window.looked',
  part,
  unfinished,
  observations: new Map(),
  atMs: 0,
})
const handedOn = (effects: readonly Effect[]): number =>
  effects.filter(({ type }) => type === 'tell').length

const unfinished = (id: number): UnfinishedRecovery => ({
  notification: notificationRow({ id, uuid: notificationId(`n-${id}`), type: 'VM' }),
  host: hostRow(),
  control: { kind: 'running' },
  commandCount: 0,
})

/** So many guests' faults, with ids in their order. */
const guests = (count: number, firstId = 1): readonly UnfinishedRecovery[] =>
  Array.from({ length: count }, (_, index) => unfinished(firstId + index))
const pages = (effects: readonly Effect[]): readonly number[] =>
  effects.flatMap((effect) => (effect.type === 'unfinished.read' ? [effect.afterId] : []))

test('a full page of instance and service faults is followed by the next one soon, and the last one by the first later', (t) => {
  const due: DedupWindowMessage = { type: 'window.look-due' }
  const first = after([due, looked('page', ...guests(SMALL_PAGE))])
  t.is(handedOn(first.effects), SMALL_PAGE)
  t.deepEqual(first.effects.at(-1), timer<DedupWindowMessage>('look', 100, due))
  const second = after([due, looked('page', ...guests(20, SMALL_PAGE + 1))], first.state)
  t.deepEqual(pages(second.effects), [SMALL_PAGE])
  t.deepEqual(second.effects.at(-1)?.type, 'tell')
  t.deepEqual(pages(after([due], second.state).effects), [0])
})

test('thousands of new reports cause one look at a time, and only at those that were not read before', (t) => {
  const { state } = after([{ type: 'window.look-due' }, looked('page', ...guests(100))])
  const news = Array.from({ length: 5000 }, (): DedupWindowMessage => ({ type: 'window.notified' }))
  const { state: looking, effects } = after(news, state)
  t.deepEqual(effects, [{ type: 'unfinished.read', part: 'new', afterId: 100 }])
  const next = after([looked('new', ...guests(3, 101))], looking)
  t.deepEqual(pages(next.effects), [103])
  t.deepEqual(pages(after([looked('new')], next.state).effects), [])
})

test('after a full page of new reports the rest is read soon, and the turn of all others stays as it was', (t) => {
  const { state } = after([{ type: 'window.notified' }])
  const { effects } = after([looked('new', ...guests(SMALL_PAGE))], state)
  const more: DedupWindowMessage = { type: 'window.notified' }
  t.deepEqual(effects.at(-1), timer<DedupWindowMessage>('look for more', 100, more))
  t.is(state.pageEnd, 0)
})

test('after a command all are read, for it may be about an old report', (t) => {
  const { state } = after([{ type: 'window.look-due' }, looked('page', ...guests(100))])
  t.deepEqual(pages(after([{ type: 'window.commanded' }], state).effects), [0])
})

test('our own report of a host is looked at at once', (t) => {
  const { state } = after([{ type: 'window.look-due' }, looked('page', ...guests(100))])
  const acceptance = { kind: 'accepted', ...unfinished(101) } as const
  const { effects } = after([{ type: 'window.reported', host: H1, acceptance, atMs: 1 }], state)
  t.deepEqual(pages(effects), [100])
})
