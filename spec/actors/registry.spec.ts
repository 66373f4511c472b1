/** Kinds, arguments and messages of actors fit together. The compiler checks these lines. */
import test from 'ava'
import { tell, type ChildStart, type Tell } from '../../actors/kernel/behaviour.ts'
import type { ActorRef } from '../../actors/kernel/ref.ts'
import type { Factories } from '../../actors/kernel/typed-registry.ts'
import { defineLeader } from '../../actors/leadership/leader.ts'
import { refOf, startChild, stopChild, type Actors } from '../../actors/registry.ts'
import { defineSegment } from '../../actors/segment/segment.ts'
import { everySource, importsOf } from '../support/sources.ts'
import { EPOCH, N1, SEGMENT } from './records.ts'

const fence = refOf('fence', N1)
/** The compiler does not know which kind it is. */
const kind = 'fence' as 'fence' | 'segment'
const IDENTITY = { segment: SEGMENT, epoch: EPOCH }

test('an actor is told what its kind understands', (t) => {
  const told = tell(fence, { type: 'fence.forbid', reason: 'paused' })
  t.is(told.to, `fence/${N1}`)
})

test('a wrong message does not compile', (t) => {
  // @ts-expect-error -- a fence does not understand messages of a segment
  const wrong = tell(fence, { type: 'segment.begin' })
  // @ts-expect-error -- the reason is missing
  const cut = tell(fence, { type: 'fence.forbid' })
  // @ts-expect-error -- it may be a segment, which does not understand this
  const unsure = tell(refOf(kind, N1), { type: 'fence.forbid', reason: 'paused' })
  t.deepEqual(
    [wrong.to, cut.to, unsure.to],
    Array.from({ length: 3 }, () => `fence/${N1}`),
  )
})

test('a child is started with the argument of its kind', (t) => {
  t.deepEqual(startChild('segment', SEGMENT, IDENTITY), {
    type: 'child.start',
    kind: 'segment',
    name: SEGMENT,
    argument: IDENTITY,
  })
  t.deepEqual(stopChild('segment', SEGMENT), {
    type: 'child.stop',
    kind: 'segment',
    name: SEGMENT,
  })
})

test('a wrong argument does not compile', (t) => {
  // @ts-expect-error -- a segment also needs its name
  const wrong = startChild('segment', SEGMENT, EPOCH)
  // @ts-expect-error -- the epoch is missing
  const cut = startChild('segment', SEGMENT, { segment: SEGMENT })
  // @ts-expect-error -- it may be a fence, which needs more
  const unsure = startChild(kind, N1, IDENTITY)
  t.deepEqual([wrong.kind, cut.kind, unsure.kind], ['segment', 'segment', 'fence'])
})

test('an unknown kind does not compile', (t) => {
  // @ts-expect-error -- there is no such kind
  const started = startChild('ghost', 'one', undefined)
  // @ts-expect-error -- there is no such kind
  const stopped = stopChild('ghost', 'one')
  // @ts-expect-error -- there is no such kind
  const ref = refOf('ghost', 'one')
  t.deepEqual([started.kind, stopped.kind, ref.address], ['ghost', 'ghost', 'ghost/one'])
})

test('nothing that is checked can be written by hand', (t) => {
  // @ts-expect-error -- only refOf makes an address
  const ref: ActorRef<{ readonly type: 'fence.begin' }> = { address: 'segment/one' }
  // @ts-expect-error -- only tell makes it
  const told: Tell = { type: 'tell', to: 'segment/one', message: { type: 'fence.begin' } }
  // @ts-expect-error -- only startChild makes it
  const started: ChildStart = { type: 'child.start', kind: 'fence', name: 'one', argument: EPOCH }
  t.deepEqual([ref.address, told.to, started.kind], ['segment/one', 'segment/one', 'fence'])
})

test('the kernel knows no kind of actor', (t) => {
  const others = everySource()
    .filter(({ path }) => path.startsWith('actors/kernel/'))
    .flatMap(importsOf)
    .filter(({ to }) => /^actors\/(?!kernel\/|ports\/)/.test(to))
  t.deepEqual(others, [])
})

test('every address of the product comes from one registry', (t) => {
  const makers = everySource()
    .filter(({ path, text }) => !path.startsWith('spec/') && /\btypedRegistry</.test(text))
    .map(({ path }) => path)
  t.deepEqual(makers.toSorted(), ['actors/kernel/typed-registry.ts', 'actors/registry.ts'])
})

type LeaderFactory = Factories<Actors>['leader']
const rightFactory: LeaderFactory = (epoch) => defineLeader(epoch, () => ({}))
// @ts-expect-error -- a segment does not understand messages of a leader
const otherActor: LeaderFactory = () => defineSegment(IDENTITY)
// @ts-expect-error -- the argument of a leader is an epoch, not a segment
const otherArgument: LeaderFactory = (_argument: typeof IDENTITY) => defineLeader(EPOCH, () => ({}))

test('a factory takes the argument of its kind, and makes what understands the messages of its kind', (t) => {
  const made = [rightFactory, otherActor, otherArgument].map((factory) => factory(EPOCH, '7'))
  t.deepEqual(
    made.map(({ first }) => first.type),
    ['leader.begin', 'segment.begin', 'leader.begin'],
  )
})
