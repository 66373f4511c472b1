/** The view of all processes: one that is gone is shown as gone, and at most one leads. */
import test from 'ava'
import { HeardProcesses, SILENT_MS } from '../../ops/roles/heard-processes.ts'
import { leaderCheck } from '../../ops/roles/leader-check.ts'
import type { RoleHealth } from '../../schema/messages/leadership.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'

const health = (
  node: string,
  leading = false,
  roles: readonly string[] = ['engine'],
): RoleHealth => ({
  node,
  roles: [...roles],
  leading,
  deadLetters: 0,
  parked: 0,
  actors: [
    {
      path: 'lease-holder/engine',
      state: leading ? 'leader' : 'candidate',
      reason: null,
      mailboxDepth: 0,
      restarts: 0,
      lastError: null,
      uptimeMs: 1,
    },
  ],
})

const OWN = { health: health('gateway-1', false, ['gateway']), epoch: null }

function open() {
  const clock = new VirtualClock()
  const heard = new HeardProcesses(clock)
  return {
    clock,
    heard,
    pass: (ms: number) => clock.pass(ms, async () => undefined),
    say: (node: string, epoch: number | null): void =>
      heard.note({ health: health(node, epoch !== null), epoch }, 100),
    shown: () =>
      heard.shown(OWN).map(({ node, leading, silentSince, actors }) => ({
        node,
        leading,
        silentSince,
        actors: actors.length,
      })),
  }
}

test('a process that goes silent is shown as gone within ten seconds, since when, without actors', async (t) => {
  const { clock, heard, pass, say, shown } = open()
  const since = new Date(clock.wallMs()).toISOString()
  say('engine-1', 1)
  await pass(SILENT_MS - 1)
  t.like(shown()[1], { node: 'engine-1', leading: true, silentSince: null })
  await pass(1)
  t.true(SILENT_MS < 10_000)
  t.deepEqual(shown()[1], { node: 'engine-1', leading: false, silentSince: since, actors: 0 })
  t.is(heard.engines(), 0)
  say('engine-1', null)
  t.like(shown()[1], { leading: false, silentSince: null, actors: 1 })
})

test('one that was gone for long is forgotten', async (t) => {
  const { pass, say, shown } = open()
  say('engine-1', 1)
  await pass(10 * 60_000 + 1)
  t.is(shown().length, 1)
})

test('of two that say that they lead, the one with the higher epoch leads, in any order', (t) => {
  for (const order of [
    [1, 2],
    [2, 1],
  ] as const) {
    const { say, shown } = open()
    for (const epoch of order) say(`engine-${epoch}`, epoch)
    const leading = shown().filter((each) => each.leading)
    t.deepEqual(
      leading.map(({ node }) => node),
      ['engine-2'],
    )
  }
})

test('a new leader is shown when it proclaims itself, and the killed one does not lead from then on', (t) => {
  const { heard, say, shown } = open()
  say('engine-1', 1)
  say('engine-2', null)
  heard.noteProclaimed({ holder: 'engine-2', epoch: 2 })
  t.deepEqual(
    shown().map(({ node, leading }) => [node, leading]),
    [
      ['gateway-1', false],
      ['engine-1', false],
      ['engine-2', true],
    ],
  )
})

test('this process does not lead when a later leader was heard', (t) => {
  const { heard } = open()
  heard.noteProclaimed({ holder: 'engine-2', epoch: 2 })
  t.like(heard.shown({ health: health('engine-1', true), epoch: 1 })[0], {
    leading: false,
    epoch: 1,
  })
})

test('an epoch that nobody leads with any more hides no leader for long', async (t) => {
  const { heard, pass, say, shown } = open()
  heard.noteProclaimed({ holder: 'nobody', epoch: 2 ** 52 })
  say('engine-1', 5)
  t.like(shown()[1], { leading: false })
  await pass(SILENT_MS + 1)
  say('engine-1', 5)
  t.like(shown()[1], { leading: true })
})

test('processes that are gone make room for one that is there', async (t) => {
  const { heard, pass, say } = open()
  for (let index = 0; index < 4096; index += 1) say(`gone-${index}`, null)
  await pass(SILENT_MS + 1)
  say('engine-1', 1)
  t.true(heard.shown(OWN).some(({ node }) => node === 'engine-1'))
})

test('without a living engine no process is ready within ten seconds, and the reason says since when', async (t) => {
  const { clock, heard, pass, say } = open()
  let leaderHeardAtMs = clock.monotonicMs()
  const check = leaderCheck(
    {
      clock,
      lease: {
        create: async () => undefined,
        renew: async () => undefined,
        release: async () => undefined,
        look: async () => undefined,
      },
      leaderHeardAtMs: () => leaderHeardAtMs,
      isEngineAlive: () => heard.engines() > 0,
      graceMs: 12_000,
    },
    'elsewhere',
  )
  const since = new Date(clock.wallMs()).toISOString()
  say('engine-1', 1)
  await pass(SILENT_MS - 1)
  await t.notThrowsAsync(check.check())
  await pass(1)
  await t.throwsAsync(check.check(), {
    code: 'NOT_READY',
    message: `no engine is alive, and none has led since ${since}: start one`,
  })
  say('engine-2', null)
  await t.notThrowsAsync(check.check(), 'a standby may lead soon')
  leaderHeardAtMs = clock.monotonicMs()
  await t.notThrowsAsync(check.check())
})
