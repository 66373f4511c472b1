/**
 * The kernel restarts crashed actors, within limits, and lets nothing of an old incarnation reach a
 * new one.
 */
import { isCoded } from '../../../schema/errors.ts'
import { CRASH, child, testKernel, run, say, stop, timer, toy } from './stage.ts'

testKernel('an actor gets its first message at the start', async (t, openStage) => {
  const stage = openStage()
  await stage.start('a')
  t.deepEqual(stage.take(), ['a toy.begin'])
})

testKernel(
  'a crashed actor gets its first message again, then the waiting ones, in order',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    stage.take()
    await stage.tell('a', CRASH, say('one'), say('two'))
    t.deepEqual(stage.take(), ['a toy.crash'])
    await stage.tell('a', say('three'))
    t.deepEqual(stage.take(), [])
    await stage.pass(100)
    t.deepEqual(stage.take(), ['a toy.begin', 'a one', 'a two', 'a three'])
  },
)

testKernel(
  'messages that wait for a restart do not count as work that can be done now',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    await stage.tell('a', CRASH, say('one'), say('two'))
    t.is(stage.system.queued(), 0)
    t.is(stage.lineOf('toy/a')?.mailboxDepth, 2)
    await stage.pass(100)
    t.is(stage.lineOf('toy/a')?.mailboxDepth, 0)
    t.is(stage.system.queued(), 0)
  },
)

testKernel('a crash resets the state and ends the timers', async (t, openStage) => {
  const stage = openStage()
  await stage.start('a')
  await stage.tell('a', { type: 'toy.become', kind: 'asleep' }, run(timer('ring', 200)), CRASH)
  await stage.pass(1000)
  t.is(stage.lineOf('toy/a')?.state, 'awake')
  t.false(stage.take().includes('a ring'))
})

testKernel(
  'a crash stops the children, which are not restarted by the kernel',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    await stage.tell('a', run(child('b')), CRASH)
    await stage.pass(1000)
    t.deepEqual(
      stage.system.snapshot().map(({ path }) => path),
      ['toy/a'],
    )
  },
)

testKernel('a rejected effect crashes the actor', async (t, openStage) => {
  const stage = openStage()
  const { promise, reject } = Promise.withResolvers<undefined>()
  await stage.start('a')
  await stage.tell('a', run({ type: 'toy.wait', outcome: promise }))
  reject(new Error('no such luck'))
  await stage.settle()
  t.is(stage.lineOf('toy/a')?.lastError, 'no such luck')
  await stage.pass(100)
  t.is(stage.lineOf('toy/a')?.restarts, 1)
})

testKernel(
  'a rejected effect crashes the actor even when its mailbox is full',
  async (t, openStage) => {
    const stage = openStage({ mailboxCapacity: 2 })
    const { promise, reject } = Promise.withResolvers<undefined>()
    await stage.start('a')
    await stage.tell('a', run({ type: 'toy.wait', outcome: promise }))
    stage.system.tell(toy('a'), say('one'))
    stage.system.tell(toy('a'), say('two'))
    reject(new Error('no such luck'))
    await stage.settle()
    t.is(stage.lineOf('toy/a')?.lastError, 'no such luck')
  },
)

for (const overflow of ['drop-newest', 'drop-oldest'] as const) {
  testKernel(
    `a flood of messages removes neither timers nor results of effects (${overflow})`,
    async (t, openStage) => {
      const stage = openStage({ mailboxCapacity: 2, overflow })
      const { promise, resolve } = Promise.withResolvers<ReturnType<typeof say>>()
      await stage.start('a')
      await stage.tell('a', run({ type: 'toy.wait', outcome: promise }, timer('ring', 10)))
      stage.take()
      stage.system.tell(toy('a'), say('flood 1'))
      stage.system.tell(toy('a'), say('flood 2'))
      resolve(say('outcome'))
      stage.clock.advanceToNext()
      for (let n = 3; n < 9; n += 1) stage.system.tell(toy('a'), say(`flood ${n}`))
      await stage.settle()
      const taken = stage.take()
      t.true(taken.includes('a ring'), taken.join())
      t.true(taken.includes('a outcome'), taken.join())
    },
  )
}

testKernel('the result of an effect of an old incarnation is dropped', async (t, openStage) => {
  const stage = openStage()
  const late = Promise.withResolvers<ReturnType<typeof say>>()
  await stage.start('a')
  await stage.tell('a', run({ type: 'toy.wait', outcome: late.promise }), CRASH)
  t.true(stage.signals[0]?.aborted)
  t.true(isCoded(stage.signals[0]?.reason, 'ACTOR_STOPPED'))
  await stage.pass(100)
  stage.take()
  late.resolve(say('from an earlier life'))
  await stage.settle()
  t.deepEqual(stage.take(), [])
})

testKernel(
  'the rejection of an effect of an old incarnation does not crash the new one',
  async (t, openStage) => {
    const stage = openStage()
    const late = Promise.withResolvers<undefined>()
    await stage.start('a')
    await stage.tell('a', run({ type: 'toy.wait', outcome: late.promise }), CRASH)
    await stage.pass(100)
    late.reject(new Error('aborted'))
    await stage.settle()
    t.is(stage.lineOf('toy/a')?.restarts, 1)
    t.is(stage.lineOf('toy/a')?.lastError, 'told to crash')
  },
)

testKernel(
  'an actor that crashes too often is stopped and crashes its parent',
  async (t, openStage) => {
    const stage = openStage({ intensity: 1 })
    await stage.start('a')
    await stage.tell('a', run(child('b')))
    await stage.tell('b', CRASH)
    await stage.pass(100)
    await stage.tell('b', CRASH)
    await stage.settle()
    t.is(stage.lineOf('toy/a/toy/b'), undefined)
    t.is(stage.lineOf('toy/a')?.lastError, 'RESTART_LIMIT_REACHED: toy/a/toy/b crashed too often')
    await stage.pass(100)
    t.is(stage.lineOf('toy/a')?.restarts, 1)
    t.deepEqual(stage.gaveUp, [])
  },
)

testKernel('a top-level actor that crashes too often is given up', async (t, openStage) => {
  const stage = openStage({ intensity: 1 })
  await stage.start('a')
  await stage.tell('a', run(child('b')))
  await stage.tell('a', CRASH)
  await stage.pass(100)
  await stage.tell('a', CRASH)
  t.deepEqual(
    stage.gaveUp.map(({ path }) => path),
    ['toy/a'],
  )
  t.true(isCoded(stage.gaveUp[0]?.error, 'RESTART_LIMIT_REACHED'))
  t.deepEqual(stage.system.snapshot(), [])
})

testKernel('crashes far apart never stop an actor', async (t, openStage) => {
  const stage = openStage({ intensity: 1, periodMs: 1000 })
  await stage.start('a')
  for (let n = 0; n < 5; n += 1) {
    await stage.tell('a', CRASH)
    await stage.pass(1000)
  }
  t.is(stage.lineOf('toy/a')?.restarts, 5)
  t.deepEqual(stage.gaveUp, [])
})

testKernel(
  'an actor that is stopped while it waits for its restart stays stopped',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    await stage.tell('a', run(child('b')))
    await stage.tell('b', CRASH)
    await stage.tell('a', run(stop('b')))
    stage.take()
    await stage.pass(1000)
    t.deepEqual(stage.take(), [])
    t.is(stage.system.queued(), 0)
  },
)
