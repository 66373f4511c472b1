/** The kernel runs timers, children and mailboxes, counts dead letters, and stops in time. */
import { typedRegistry } from '../../../actors/kernel/typed-registry.ts'
import { CRASH, child, testKernel, run, say, stop, timer, toy, type ToyMessage } from './stage.ts'

testKernel('a timer sends its message once, after its time', async (t, openStage) => {
  const stage = openStage()
  await stage.start('a')
  await stage.tell('a', run(timer('ring', 100)))
  stage.take()
  await stage.pass(99)
  t.deepEqual(stage.take(), [])
  await stage.pass(1000)
  t.deepEqual(stage.take(), ['a ring'])
})

testKernel(
  'a timer replaces an earlier one of the same name, and no other one',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    await stage.tell('a', run(timer('x', 50, 'first'), timer('y', 70), timer('x', 90, 'second')))
    stage.take()
    await stage.pass(200)
    t.deepEqual(stage.take(), ['a y', 'a second'])
  },
)

testKernel('a cancelled timer sends nothing', async (t, openStage) => {
  const stage = openStage()
  await stage.start('a')
  await stage.tell('a', run(timer('x', 50)), run({ type: 'timer.cancel', name: 'x' }))
  stage.take()
  await stage.pass(200)
  t.deepEqual(stage.take(), [])
})

testKernel(
  'timers end when the kind of state changes, and those that the change starts continue',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    await stage.tell('a', run(timer('old', 50)))
    await stage.tell('a', { type: 'toy.become', kind: 'asleep', effects: [timer('new', 50)] })
    stage.take()
    await stage.pass(200)
    t.deepEqual(stage.take(), ['a new'])
    t.deepEqual(stage.transitions, ['toy/a: awake => asleep'])
  },
)

testKernel('timers survive a step that stays in the same kind of state', async (t, openStage) => {
  const stage = openStage()
  await stage.start('a')
  await stage.tell('a', run(timer('x', 50)), { type: 'toy.become', kind: 'awake' })
  stage.take()
  await stage.pass(50)
  t.deepEqual(stage.take(), ['a x'])
})

testKernel('timers end with their actor', async (t, openStage) => {
  const stage = openStage()
  await stage.start('a')
  await stage.tell('a', run(child('b')))
  await stage.tell('b', run(timer('x', 50)))
  await stage.tell('a', run(stop('b')))
  stage.take()
  await stage.pass(200)
  t.deepEqual(stage.take(), [])
  t.is(stage.clock.nextAt(), undefined)
})

testKernel(
  'a child that is started twice is one child, and keeps its state',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    await stage.tell('a', run(child('b')))
    await stage.tell('b', { type: 'toy.become', kind: 'grown-up' })
    await stage.tell('a', run(child('b')))
    t.is(stage.lineOf('toy/a/toy/b')?.state, 'grown-up')
    t.is(stage.heard.filter((line) => line === 'b toy.begin').length, 1)
  },
)

testKernel(
  'stopping a child stops all its descendants, and it can be started again',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    await stage.tell('a', run(child('b')))
    await stage.tell('b', run(child('c')))
    await stage.tell('a', run(stop('b'), child('b')))
    t.deepEqual(
      stage.system.snapshot().map(({ path }) => path),
      ['toy/a', 'toy/a/toy/b'],
    )
    t.is(stage.heard.filter((line) => line === 'b toy.begin').length, 2)
  },
)

testKernel('starting an actor of an unknown kind crashes the parent', async (t, openStage) => {
  const elsewhere = typedRegistry<{ ghost: { argument: null; message: never } }>()
  const stage = openStage()
  await stage.start('a')
  await stage.tell('a', run(elsewhere.startChild('ghost', 'g', null)))
  t.is(stage.lineOf('toy/a')?.lastError, 'no actor of kind ghost is known')
})

testKernel('messages are handled in the order in which they were sent', async (t, openStage) => {
  const stage = openStage()
  await stage.start('a')
  stage.take()
  const words = Array.from({ length: 50 }, (_, n) => `word ${n}`)
  await stage.tell('a', ...words.map((word) => say(word)))
  t.deepEqual(
    stage.take(),
    words.map((word) => `a ${word}`),
  )
})

for (const [overflow, kept] of [
  ['drop-newest', ['a 1', 'a 2']],
  ['drop-oldest', ['a 3', 'a 4']],
] as const) {
  testKernel(
    `a full mailbox counts dead letters and keeps what ${overflow} says`,
    async (t, openStage) => {
      const stage = openStage({ mailboxCapacity: 2, overflow })
      await stage.start('a')
      stage.take()
      await stage.tell('a', say('1'), say('2'), say('3'), say('4'))
      t.deepEqual(stage.take(), kept)
      t.is(stage.system.deadLetters(), 2)
      t.deepEqual(stage.warnings[0], {
        text: 'dead letter',
        fields: { reason: 'mailbox-full', address: 'toy/a', type: 'toy.say' },
      })
    },
  )
}

testKernel('a message to an unknown address is a dead letter', async (t, openStage) => {
  const stage = openStage()
  await stage.tell('nobody', say('hello'))
  t.is(stage.system.deadLetters(), 1)
  t.deepEqual(stage.warnings[0]?.fields, {
    reason: 'no-such-actor',
    address: 'toy/nobody',
    type: 'toy.say',
  })
})

testKernel(
  'messages that wait for a stopping actor are dead letters, and no longer queued',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    await stage.tell('a', run(child('b')))
    await stage.tell('b', CRASH, say('1'), say('2'))
    await stage.tell('a', run(stop('b')))
    t.deepEqual(
      stage.warnings.map(({ fields }) => fields['reason']),
      ['actor-stopped', 'actor-stopped'],
    )
    t.is(stage.system.queued(), 0)
  },
)

testKernel('an ordinary stop of everything warns of nothing', async (t, openStage) => {
  const stage = openStage()
  await stage.start('idle')
  stage.system.tell(toy('idle'), say('never handled'))
  const stopped = stage.system.stop()
  await stage.settle()
  await stopped
  t.is(stage.system.deadLetters(), 1, 'it is counted')
  t.deepEqual(stage.warnings, [])
})

testKernel('dead letters never show their content', async (t, openStage) => {
  const stage = openStage()
  await stage.tell('nobody', say('the password'))
  t.false(JSON.stringify(stage.warnings).includes('the password'))
})

testKernel(
  'the snapshot shows the place and the state of each actor, and since when',
  async (t, openStage) => {
    const stage = openStage()
    await stage.start('a')
    await stage.pass(1000)
    await stage.tell('a', run(child('b')))
    await stage.tell('b', CRASH, say('1'))
    await stage.pass(20)
    const common = { state: 'awake', reason: null, uptimeMs: 1020 }
    t.deepEqual(stage.system.snapshot(), [
      { ...common, path: 'toy/a', mailboxDepth: 0, restarts: 0, lastError: null },
      {
        ...common,
        path: 'toy/a/toy/b',
        mailboxDepth: 1,
        restarts: 1,
        lastError: 'told to crash',
        uptimeMs: 20,
      },
    ])
  },
)

testKernel('a stop ends every actor, and waits for effects in flight', async (t, openStage) => {
  const stage = openStage()
  const work = Promise.withResolvers<ToyMessage | undefined>()
  await stage.start('a')
  await stage.tell('a', run({ type: 'toy.wait', outcome: work.promise }))
  const stopping = stage.system.stop()
  t.true(stage.signals[0]?.aborted)
  t.deepEqual(stage.system.snapshot(), [])
  await stage.pass(50)
  work.resolve(undefined)
  await stage.pass(20)
  await stopping
  t.is(stage.clock.monotonicMs(), 70)
  t.deepEqual(stage.warnings, [])
})

testKernel(
  'a stop ends at the stop deadline, and names the effects that still run',
  async (t, openStage) => {
    const stage = openStage({ stopDeadlineMs: 200 })
    await stage.start('a')
    await stage.tell('a', run({ type: 'toy.wait', outcome: new Promise(() => {}) }))
    const stopping = stage.system.stop()
    await stage.pass(220)
    await stopping
    t.deepEqual(stage.warnings, [
      { text: 'stop deadline passed', fields: { path: 'toy/a', effects: 1 } },
    ])
  },
)

testKernel('a system whose last effects have ended stops at once', async (t, openStage) => {
  const stage = openStage()
  const work = Promise.withResolvers<ToyMessage | undefined>()
  await stage.start('a')
  await stage.tell('a', run(child('b')))
  await stage.tell('b', run({ type: 'toy.wait', outcome: work.promise }))
  await stage.tell('a', run(stop('b')))
  work.resolve(undefined)
  await stage.settle()
  await stage.system.stop()
  t.is(stage.clock.monotonicMs(), 0)
})

testKernel('a system without work stops at once', async (t, openStage) => {
  const stage = openStage()
  await stage.start('a')
  await stage.system.stop()
  t.is(stage.clock.monotonicMs(), 0)
})
