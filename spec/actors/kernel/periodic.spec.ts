/** A periodic actor does one task at a time, round after round; what follows from each answer is decided by its parts. */
import test, { type ExecutionContext } from 'ava'
import { goOn, part, type AnyPart, type PeriodicDecision } from '../../../actors/kernel/periodic.ts'
import { FIRST_PAUSE_MS, openPeriodic, PAUSE_MS } from '../periodic-stage.ts'
import { TURNS } from './stage.ts'

interface Task {
  readonly type: string
}
type Follows = Partial<Readonly<Record<string, readonly string[] | 'end-part' | 'end-round'>>>

interface Stage {
  readonly done: string[]
  /** A task of this name is answered only when the spec does it. */
  readonly held: Map<string, PromiseWithResolvers<void>>
}

/** Remembers how many answers it has had; the table says which tasks follow which. */
const looker = ({ done, held }: Stage, first: string, follows: Follows = {}): AnyPart =>
  part<number, Task, string>({
    initial: 0,
    first: { type: first },
    decide: (count, answer): PeriodicDecision<number, Task> => {
      const memory = count + 1
      done.push(`decided ${answer} (${memory})`)
      const next = follows[answer] ?? []
      if (next === 'end-part' || next === 'end-round') return { kind: next, memory }
      return goOn(
        memory,
        next.map((type) => ({ type })),
      )
    },
    perform: async ({ type }) => {
      if (type === 'crash') throw new Error('told to crash')
      done.push(`did ${type}`)
      await held.get(type)?.promise
      return type
    },
  })

type Body = (t: ExecutionContext, stage: Stage, open: Open) => Promise<void>
type Open = (...parts: Parameters<typeof openPeriodic>[0]) => ReturnType<typeof openPeriodic>

/** One test for each way to give turns. */
function testPeriodic(title: string, body: Body): void {
  for (const [where, turns] of Object.entries(TURNS)) {
    test(`${title} (${where})`, (t) =>
      body(t, { done: [], held: new Map() }, (...parts) => openPeriodic(parts, turns)))
  }
}

const acts = ({ done }: Stage): readonly string[] => done.filter((line) => line.startsWith('did'))

testPeriodic('it waits before the first round, and after each round', async (t, stage, open) => {
  const actor = await open(looker(stage, 'look'))
  await actor.pass(FIRST_PAUSE_MS - 1)
  t.deepEqual(stage.done, [])
  await actor.pass(1)
  t.deepEqual(stage.done, ['did look', 'decided look (1)'])
  await actor.pass(PAUSE_MS - 1)
  t.is(stage.done.length, 2)
  await actor.pass(1)
  t.deepEqual(stage.done.slice(2), ['did look', 'decided look (2)'], 'it remembers the first round')
})

testPeriodic(
  'what follows from an answer is done at once, before what is left of the part',
  async (t, stage, open) => {
    const actor = await open(looker(stage, 'list', { list: ['a', 'b'], a: ['a1', 'a2'] }))
    await actor.pass(FIRST_PAUSE_MS)
    t.deepEqual(acts(stage), ['did list', 'did a', 'did a1', 'did a2', 'did b'])
  },
)

testPeriodic(
  'no task begins before the answer to the one before it is decided on',
  async (t, stage, open) => {
    const held = Promise.withResolvers<void>()
    stage.held.set('a', held)
    const actor = await open(looker(stage, 'list', { list: ['a', 'b'] }), looker(stage, 'other'))
    await actor.pass(FIRST_PAUSE_MS + PAUSE_MS)
    t.deepEqual(stage.done, ['did list', 'decided list (1)', 'did a'])
    held.resolve()
    await actor.settle()
    t.deepEqual(stage.done.slice(3), [
      'decided a (2)',
      'did b',
      'decided b (3)',
      'did other',
      'decided other (1)',
    ])
  },
)

testPeriodic('an ended part leaves out its rest; the next part begins', async (t, stage, open) => {
  const follows: Follows = { list: ['a', 'b'], a: 'end-part' }
  const actor = await open(looker(stage, 'list', follows), looker(stage, 'other'))
  await actor.pass(FIRST_PAUSE_MS)
  t.deepEqual(acts(stage), ['did list', 'did a', 'did other'])
})

testPeriodic(
  'an ended round leaves out the other parts until the next one',
  async (t, stage, open) => {
    const follows: Follows = { list: ['a', 'b'], a: 'end-round' }
    const actor = await open(looker(stage, 'list', follows), looker(stage, 'other'))
    await actor.pass(FIRST_PAUSE_MS)
    t.deepEqual(acts(stage), ['did list', 'did a'])
    await actor.pass(PAUSE_MS)
    t.deepEqual(acts(stage).slice(2), ['did list', 'did a'])
  },
)

testPeriodic(
  'a wake during a pause begins a round at once, and the next pause begins after it',
  async (t, stage, open) => {
    const actor = await open(looker(stage, 'look'))
    await actor.pass(FIRST_PAUSE_MS - 1)
    await actor.wake()
    t.is(acts(stage).length, 1)
    await actor.pass(PAUSE_MS - 1)
    t.is(acts(stage).length, 1, 'the pause that was cut short tells nothing')
    await actor.pass(1)
    t.is(acts(stage).length, 2)
  },
)

testPeriodic(
  'the end of a pause that was cut short is no wake for the round that cut it short',
  async (t, stage, open) => {
    const held = Promise.withResolvers<void>()
    stage.held.set('look', held)
    const actor = await open(looker(stage, 'look'))
    await actor.wake()
    await actor.pass(FIRST_PAUSE_MS)
    held.resolve()
    await actor.settle()
    t.is(acts(stage).length, 1)
  },
)

testPeriodic(
  'wakes during a round, however many, cause one more round after it',
  async (t, stage, open) => {
    const held = Promise.withResolvers<void>()
    stage.held.set('look', held)
    const actor = await open(looker(stage, 'look'))
    await actor.wake()
    await actor.wake()
    await actor.wake()
    t.is(acts(stage).length, 1)
    held.resolve()
    await actor.settle()
    t.is(acts(stage).length, 2)
    await actor.pass(PAUSE_MS)
    t.is(acts(stage).length, 3)
  },
)

testPeriodic(
  'a task that fails crashes it: it forgets all, and begins with the first pause',
  async (t, stage, open) => {
    const actor = await open(looker(stage, 'list', { list: ['crash', 'b'] }))
    await actor.pass(FIRST_PAUSE_MS)
    t.is(actor.line()?.lastError, 'told to crash')
    await actor.pass(FIRST_PAUSE_MS - 1)
    t.deepEqual(stage.done, ['did list', 'decided list (1)'])
    await actor.pass(1 + RESTART_MS)
    t.deepEqual(stage.done.slice(2), ['did list', 'decided list (1)'], 'and nothing of before')
    t.is(actor.line()?.restarts, 2)
  },
)

/** The longest pause before a restart. */
const RESTART_MS = 100
