/** The limit on sessions with BMCs: which caller waits, which session is closed, and that nothing is left behind. */
import { execFile } from 'node:child_process'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import test from 'ava'
import { SessionPool, type SessionHolder } from '../../../transports/bmc/session-pool.ts'
import { openBmcPower } from '../../../transports/bmc/power.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { startBmc } from '../../support/bmc.ts'
import type { PollPlan, PollResult } from '../../support/bmc-polls.ts'
import { commandLinesWith } from '../../support/child-processes.ts'
import { holdsAsync } from '../../support/holds.ts'
import { startRedfishBmc } from '../../support/redfish-bmc.ts'
import * as fc from 'fast-check'

/** A holder that records when it is closed. */
class Holder implements SessionHolder {
  readonly name: string
  readonly #closed: string[]

  constructor(name: string, closed: string[]) {
    this.name = name
    this.#closed = closed
  }

  closeIdle(): Promise<void> {
    this.#closed.push(this.name)
    return Promise.resolve()
  }
}

interface Crowd {
  readonly closed: string[]
  readonly pool: SessionPool
  readonly holder: (name: string) => Holder
}

function crowd(sessionsMax: number): Crowd {
  const closed: string[] = []
  const holders = new Map<string, Holder>()
  const holder = (name: string): Holder => {
    const known = holders.get(name) ?? new Holder(name, closed)
    holders.set(name, known)
    return known
  }
  return { closed, pool: new SessionPool(sessionsMax), holder }
}

async function use({ pool, holder }: Crowd, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await pool.enter(holder(name), 'may wait')
    pool.leave(holder(name), 'open')
    await setImmediate() // a session that is not kept is closed by now
  }
}

test('all sessions are kept while the limit is not reached', async (t) => {
  const scene = crowd(3)
  await use(scene, 'a', 'b', 'c', 'a', 'b', 'c')
  t.deepEqual(scene.closed, [])
  t.is(scene.pool.openCount(), 3)
})

test('the session that was used longest ago is closed for the next one', async (t) => {
  const scene = crowd(2)
  await use(scene, 'a', 'b', 'a', 'c', 'a', 'd')
  t.deepEqual(scene.closed, ['b', 'c'])
  t.is(scene.pool.openCount(), 2)
})

test('the regular readings of many BMCs do not close the sessions that are kept', async (t) => {
  const scene = crowd(4)
  const { pool, holder, closed } = scene
  await use(scene, 'a', 'b', 'c', 'd', 'e', 'a', 'b', 'c', 'd', 'e')
  t.deepEqual(closed, ['d', 'e', 'd', 'e'])
  t.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((name) => pool.keeps(holder(name))),
    [true, true, true, false, false],
  )
})

test('a read waits while all sessions are in use, and a power-off does not', async (t) => {
  const scene = crowd(1)
  const { pool, holder, closed } = scene
  await pool.enter(holder('a'), 'may wait')
  let isIn = false
  const waiting = pool.enter(holder('b'), 'may wait').then(() => void (isIn = true))
  await pool.enter(holder('c'), 'at once')
  t.is(pool.openCount(), 2)
  t.false(isIn)
  pool.leave(holder('c'), 'open')
  t.is(pool.openCount(), 2) // b has taken its place: c was closed for it, and a is in use
  await waiting
  t.deepEqual(closed, ['c'])
  pool.leave(holder('a'), 'open')
  t.deepEqual(closed, ['c', 'a'])
  t.is(pool.openCount(), 1)
})

test('a read that waits goes ahead when a power-off for the same BMC arrives', async (t) => {
  const { pool, holder } = crowd(1)
  await pool.enter(holder('a'), 'may wait')
  const waiting = pool.enter(holder('b'), 'may wait')
  pool.hurry(holder('b'))
  await waiting
  t.is(pool.openCount(), 2)
})

test('in any order of uses, no more sessions than the limit are kept, and every wait ends', async (t) => {
  await holdsAsync(
    t,
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.boolean(), fc.boolean()), {
        maxLength: 40,
      }),
      async (sessionsMax, uses) => {
        const scene = crowd(sessionsMax)
        const all = uses.map(async ([who, isOff, staysOpen], index) => {
          const holder = scene.holder(`${who}-${index}`)
          await scene.pool.enter(holder, isOff ? 'at once' : 'may wait')
          await Promise.resolve()
          scene.pool.leave(holder, staysOpen ? 'open' : 'closed')
        })
        await Promise.all(all)
        return scene.pool.openCount() <= sessionsMax
      },
    ),
  )
})

/** The largest count until the signal is aborted. */
async function mostUntil(signal: AbortSignal, count: () => Promise<number>): Promise<number> {
  let most = 0
  while (!signal.aborted) most = Math.max(most, await count())
  return most
}

test('readings of more BMCs than sessions work side by side, with no more processes than the limit', async (t) => {
  await using stack = new AsyncDisposableStack()
  const machines = await Promise.all(Array.from({ length: 5 }, startBmc))
  for (const machine of machines) stack.use(machine)
  const power = stack.use(
    openBmcPower({ clock: new SystemClock(), minimumSpacingMs: 0, sessionsMax: 2 }),
  )
  const ports = machines.map(({ settings }) => ` -p ${settings.port} `)
  const sessions = async (): Promise<number> => {
    const lines = await commandLinesWith('ipmitool -v -I lanplus')
    return ports.filter((port) => lines.some((line) => line.includes(port))).length
  }
  const answers = Promise.all(machines.map(({ settings }) => power.read(settings)))
  const ended = new AbortController()
  const counted = mostUntil(ended.signal, sessions)
  await answers.finally(() => ended.abort())
  const most = await counted
  t.deepEqual(await answers, ['on', 'on', 'on', 'on', 'on'])
  t.true(most > 0 && most <= 2, `${most} processes at once`)
})

test('sessions over both protocols share the limit, and a session that is closed for another one is ended at its BMC', async (t) => {
  await using stack = new AsyncDisposableStack()
  const redfish = stack.use(await startRedfishBmc())
  const ipmi = stack.use(await startBmc())
  const power = stack.use(
    openBmcPower({ clock: new SystemClock(), minimumSpacingMs: 0, sessionsMax: 1 }),
  )
  t.is(await power.read(redfish.settings), 'on')
  t.is(redfish.sessions().length, 1)
  t.is(await power.read(ipmi.settings), 'on')
  t.deepEqual(redfish.sessions(), [])
  t.is(await power.read(redfish.settings), 'on')
})

/** In a process that does nothing else: the specs of other files share ours. */
async function pollElsewhere(plan: PollPlan): Promise<PollResult> {
  const script = `
    import { pollBmcs } from './spec/support/bmc-polls.ts'
    console.log(JSON.stringify(await pollBmcs(${JSON.stringify(plan)})))`
  const args = ['--input-type=module-typescript', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

test('requests to BMCs are counted, and shown beside their limit', async (t) => {
  await using redfish = await startRedfishBmc()
  await using ipmi = await startBmc()
  await using power = openBmcPower({
    clock: new SystemClock(),
    minimumSpacingMs: 200,
    sessionsMax: 9,
  })
  t.like(power.politeness(), { commands: 0, sessionsOpen: 0, shortestPauseMs: null })
  for (const { settings } of [redfish, ipmi, redfish, ipmi]) await power.read(settings)
  const peace = power.politeness()
  t.like(peace, { commands: 4, sessionsOpened: 2, sessionsOpen: 2, sessionsOpenMax: 9 })
  t.true((peace.shortestPauseMs ?? 0) >= peace.shortestPauseMsMin, JSON.stringify(peace))
  t.is(peace.shortestUrgentPauseMs, null)
  await power.off(ipmi.settings)
  const fence = power.politeness()
  t.true(
    (fence.shortestUrgentPauseMs ?? 0) >= fence.shortestUrgentPauseMsMin,
    JSON.stringify(fence),
  )
})

test('after hundreds of polls no process, terminal or descriptor is left', async (t) => {
  const plans = [
    { bmcs: 2, sessionsMax: 2, polls: 150 },
    { bmcs: 3, sessionsMax: 1, polls: 30 },
  ]
  for (const plan of plans) {
    const { before, after, most, failed } = await pollElsewhere(plan)
    t.is(failed, 0)
    t.deepEqual(after, before)
    t.is(most.zombies, 0)
    const terminals = most.terminals - before.terminals
    t.true(terminals <= plan.sessionsMax, `${terminals} terminals`)
  }
})
