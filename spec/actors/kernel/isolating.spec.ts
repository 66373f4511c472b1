/** An actor that crashes for ever is given up for a while, and everything beside it goes on. */
import { CRASH, child, run, say, stop, testKernel } from './stage.ts'

const ISOLATED = { intensity: 1, atLimit: { kind: 'isolate', againMs: 60_000 } } as const

testKernel(
  'an isolated actor that crashes too often is given up, and its parent does not crash',
  async (t, openStage) => {
    const stage = openStage(ISOLATED)
    await stage.start('a')
    await stage.tell('a', run(child('b'), child('c')))
    await stage.tell('b', run(child('below')), CRASH)
    await stage.pass(100)
    await stage.tell('b', run(child('below')), CRASH)
    const line = stage.lineOf('toy/a/toy/b')
    t.is(line?.state, 'given-up')
    t.is(line?.reason, 'crashed too often: told to crash; tried again after 60 s')
    t.is(stage.lineOf('toy/a/toy/b/toy/below'), undefined)
    t.is(stage.lineOf('toy/a')?.restarts, 0)
    t.deepEqual(stage.gaveUp, [])
    t.true(stage.transitions.includes('toy/a/toy/b: awake => given-up'))
    stage.take()
    await stage.tell('c', say('goes on'))
    t.deepEqual(stage.take(), ['c goes on'])
  },
)

testKernel('a parent is told that a child is given up', async (t, openStage) => {
  const stage = openStage(ISOLATED)
  await stage.start('a')
  await stage.tell('a', run(child('b')))
  await stage.tell('b', CRASH)
  await stage.pass(100)
  stage.take()
  await stage.tell('b', CRASH)
  t.deepEqual(stage.take(), ['b toy.crash', 'a b is given up'])
})

testKernel(
  'messages to an actor that is given up are counted and not logged',
  async (t, openStage) => {
    const stage = openStage(ISOLATED)
    await stage.start('a')
    await stage.tell('a', CRASH)
    await stage.pass(100)
    await stage.tell('a', CRASH, say('waits already'))
    await stage.tell('a', say('comes later'))
    t.is(stage.system.deadLettersBy()['actor-given-up'], 2)
    t.is(stage.lineOf('toy/a')?.mailboxDepth, 0)
    t.deepEqual(stage.warnings, [])
    t.is(stage.system.crashes(), 2)
  },
)

testKernel('an actor that was given up is tried again after its pause', async (t, openStage) => {
  const stage = openStage(ISOLATED)
  await stage.start('a')
  await stage.tell('a', CRASH)
  await stage.pass(100)
  await stage.tell('a', CRASH)
  stage.take()
  await stage.pass(59_000)
  t.deepEqual(stage.take(), [])
  await stage.pass(1000)
  t.deepEqual(stage.take(), ['a toy.begin'])
  t.is(stage.lineOf('toy/a')?.state, 'awake')
  await stage.tell('a', CRASH)
  await stage.pass(100)
  t.is(stage.lineOf('toy/a')?.state, 'awake', 'its earlier crashes are forgotten')
})

testKernel(
  'an actor that is stopped while it is given up stays stopped, and its name is free',
  async (t, openStage) => {
    const stage = openStage(ISOLATED)
    await stage.start('a')
    await stage.tell('a', run(child('b')))
    await stage.tell('b', CRASH)
    await stage.pass(100)
    await stage.tell('b', CRASH)
    await stage.tell('a', run(stop('b'), child('b')))
    stage.take()
    await stage.tell('b', say('new'))
    await stage.pass(120_000)
    t.deepEqual(stage.take(), ['b new'])
  },
)
