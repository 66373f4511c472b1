/** A host-watcher probes its channels, one after the other each, listens to heartbeats, and tells the observer what it sees. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  NEW_WATCHER,
  hostWatcher,
  type HostWatcherMessage,
  type HostWatcherState,
  type Shown,
  type WatchedHost,
} from '../../../actors/host-watcher/host-watcher.ts'
import { changedProbeAtMs, nextProbeAtMs } from '../../../actors/host-watcher/probe-plan.ts'
import { refOf } from '../../../actors/registry.ts'
import { Secret } from '../../../schema/control-attributes.ts'
import { holds } from '../../support/holds.ts'
import { H1, ONE, SEGMENT } from '../records.ts'

const TIMING = {
  sshPeaceMs: 10_000,
  sshBurstMs: 1000,
  powerPeaceMs: 20_000,
  powerRestMs: 300_000,
  powerBurstMs: 5000,
}
const RULES = {
  samples: 3,
  timing: TIMING,
  sshTimeoutMs: 3000,
  freshMs: { ssh: 33_000, power: 65_000, heartbeat: Infinity, compute: 70_000 },
  phi: {
    threshold: 8,
    graceMs: 2000,
    intervalMs: 1000,
    deviationMsMin: 250,
    pauseMsMax: 10_000,
  },
}
const WATCHED: WatchedHost = {
  host: H1,
  hostName: ONE,
  segment: SEGMENT,
  ssh: { address: '192.0.2.1', port: 22, username: 'ha', hostKey: undefined },
  power: {
    kind: 'ipmi',
    address: '192.0.2.101',
    port: 623,
    username: 'ha',
    password: new Secret('x'),
    cipherSuite: 17,
    privilege: 'ADMINISTRATOR',
  },
  problems: [],
  domains: [],
  maintenance: 'none',
  fingerprint: '1',
}
const behaviour = hostWatcher(WATCHED, RULES, refOf('observer', 'hosts'))

const drawn: HostWatcherMessage = {
  type: 'watcher.drawn',
  chances: { ssh: 0.25, power: 0.5 },
  atMs: 0,
}
const due = (channel: 'ssh' | 'power'): HostWatcherMessage => ({
  type: 'watcher.probe-due',
  channel,
})
const shows = (shown: Shown, atMs: number, tookMs = 0): HostWatcherMessage => ({
  type: 'watcher.probed',
  shown,
  begunAtMs: atMs - tookMs,
  atMs,
  chance: 0.5,
})
const ssh = (sign: 'alive' | 'refused' | 'silent' | 'misconfigured'): Shown => ({
  channel: 'ssh',
  sign,
  detail: sign,
})
const power = (sign: 'on' | 'off' | 'silent', session: 'kept' | 'closed' = 'kept'): Shown => ({
  channel: 'power',
  sign,
  detail: sign,
  session,
})
const beat = (sequence: number, atMs: number, incarnation = 'a'): HostWatcherMessage => ({
  type: 'watcher.beat',
  atMs,
  beat: {
    incarnation,
    sequence,
    body: {
      hostName: ONE,
      libvirt: 'answers',
      libvirtAgeMs: 0,
      compute: 'runs',
      computeAgeMs: 0,
    },
  },
})
const clock = (atMs: number, bus: 'connected' | 'away' = 'connected'): HostWatcherMessage => ({
  type: 'watcher.clock',
  atMs,
  bus,
})

function after(...story: readonly HostWatcherMessage[]) {
  let state = NEW_WATCHER
  let effects: ReturnType<typeof behaviour>[1] = []
  for (const message of story) [state, effects] = behaviour(state, message)
  const timers = effects.flatMap((effect) =>
    effect.type === 'timer.start' ? [`${effect.name} ${effect.afterMs}`] : [],
  )
  const words = effects.flatMap((effect) => (effect.type === 'tell' ? [effect.message] : []))
  return { state, effects, timers, words }
}

/** Both channels asked once, at peace: SSH at 2500 and the power at 5000 ms. */
const PEACE = [drawn, due('ssh'), shows(ssh('alive'), 2500), due('power'), shows(power('on'), 5000)]

test('a watcher begins by drawing the spread of its probes, and by listening', (t) => {
  t.deepEqual(after({ type: 'watcher.begin' }).effects, [
    { type: 'chances.draw' },
    { type: 'heartbeats.listen' },
  ])
})

test('the first probe of each channel comes within one peace interval of SSH', (t) => {
  t.deepEqual(after(drawn).timers, ['probe-ssh 2500', 'probe-power 5000'])
  const bare = hostWatcher({ ...WATCHED, power: undefined }, RULES, refOf('observer', 'hosts'))
  t.is(bare(NEW_WATCHER, drawn)[1].length, 1)
})

test('a probe that is due is made', (t) => {
  t.deepEqual(after(drawn, due('power')).effects, [{ type: 'probe', channel: 'power' }])
})

test('while the session with the BMC is not kept, the power of a living host is read seldom, and at once when it is suspect', (t) => {
  const living = [drawn, due('ssh'), shows(ssh('alive'), 2500), due('power')]
  const rested = [...living, shows(power('on', 'closed'), 5000)]
  t.deepEqual(after(...rested).timers, ['probe-power 300000'])
  t.deepEqual(after(...living, shows(power('on', 'kept'), 5000)).timers, ['probe-power 20000'])
  const doubted = [...rested, due('ssh'), shows(ssh('silent'), 60_000, 3000)]
  t.true(after(...doubted).timers.includes('probe-power 0'), after(...doubted).timers.join(', '))
})

test('while nothing else shows life, the power is read each time', (t) => {
  const unheard = [drawn, due('power'), shows(power('on', 'closed'), 5000)]
  t.deepEqual(after(...unheard).timers, ['probe-ssh 0', 'probe-power 20000'])
})

test('what a probe shows is told to the observer, changed or not', (t) => {
  const story = [drawn, due('ssh'), shows(ssh('alive'), 2500)]
  t.deepEqual(after(...story).words, [
    {
      type: 'observer.watched',
      host: H1,
      state: 'alive',
      evidence: ['ssh alive 1 times in a row: alive'],
      channels: [{ channel: 'ssh', meaning: 'life', ageMs: 0 }],
      atMs: 2500,
    },
  ])
  t.like(after(...story, due('ssh'), shows(ssh('alive'), 9000)).words[0], { state: 'alive' })
})

test('an unchanged verdict plans the next probe of that channel only', (t) => {
  t.deepEqual(after(...PEACE).timers, ['probe-power 20000'])
})

test('a new suspect is asked in a burst, its power as soon as the BMC bears it', (t) => {
  const story = [...PEACE, due('ssh'), shows(ssh('silent'), 12_500, 3000)]
  t.deepEqual(after(...story).timers, ['probe-ssh 1000', 'probe-power 0'])
  t.is(after(...story).state.kind, 'suspect')
  const soon = [...PEACE, due('ssh'), shows(ssh('silent'), 7000, 3000)]
  t.deepEqual(after(...soon).timers, ['probe-ssh 1000', 'probe-power 3000'])
})

test('a channel that is being asked is not asked a second time when the verdict changes', (t) => {
  const story = [...PEACE, due('ssh'), due('power'), shows(ssh('silent'), 26_000, 3000)]
  t.deepEqual(after(...story).timers, ['probe-ssh 1000'])
})

test('a host that stays silent is dead after as many samples as the rules say', (t) => {
  const silence = [0, 1, 2].flatMap((n) => [
    due('ssh'),
    shows(ssh('silent'), 12_000 + n * 4000, 3000),
  ])
  t.is(after(...PEACE, ...silence.slice(2)).state.kind, 'suspect')
  t.is(after(...PEACE, ...silence).state.kind, 'dead')
})

test('silence that took much longer than it may is not counted: this process was late', (t) => {
  const story = [...PEACE, due('ssh')]
  t.is(after(...story, shows(ssh('silent'), 12_000, 4000)).state.kind, 'suspect')
  t.is(after(...story, shows(ssh('silent'), 12_000, 4001)).state.kind, 'alive')
  t.is(after(...story, shows(ssh('refused'), 12_000, 9000)).state.kind, 'alive')
})

test('a heartbeat is life, and the clock is looked at when the next one is overdue', (t) => {
  const first = after(drawn, beat(1, 1000))
  t.is(first.state.kind, 'alive')
  t.true(first.timers.some((timer) => /^silence 23\d\d$/.test(timer)))
  const note = { type: 'libvirt.note', libvirt: 'answers' } as const
  t.deepEqual(after(drawn, beat(1, 1000), beat(2, 2000)).effects, [note])
  t.deepEqual(after(drawn, beat(1, 1000), beat(1, 2000)).effects, [], 'a replay says nothing')
  const [look] = after(drawn, beat(1, 1000), { type: 'watcher.silence-due' }).effects
  t.true(look?.type === 'clock.read' && look.dueMs > 3300 && look.dueMs < 3400)
  const again = after(drawn, beat(1, 1000), beat(2, 2000), clock(3310))
  t.is(again.state.kind, 'alive')
  t.regex(again.timers[0] ?? '', /^silence \d+$/)
})

test('a missing heartbeat makes a suspect within three seconds, and the burst begins', (t) => {
  const { state, timers } = after(...PEACE, beat(1, 11_000), clock(13_400))
  t.is(state.kind, 'suspect')
  t.deepEqual(timers, ['probe-ssh 0', 'probe-power 0'])
})

test('a missing heartbeat and power off are death, a missing heartbeat and an answer over SSH are life', (t) => {
  const story = [...PEACE, beat(1, 11_000), clock(13_400)]
  t.is(after(...story, due('power'), shows(power('off'), 13_500)).state.kind, 'dead')
  t.is(after(...story, due('power'), shows(power('on'), 13_500)).state.kind, 'suspect')
  t.is(after(...story, due('power'), shows(power('silent'), 13_500)).state.kind, 'suspect')
  const answered = after(...story, due('ssh'), shows(ssh('alive'), 13_500))
  t.is(answered.state.kind, 'alive')
  t.true(answered.state.kind === 'alive' && answered.words.length === 1)
})

test('a heartbeat that comes back ends the suspicion, a replay of an old one does not', (t) => {
  const story = [...PEACE, beat(1, 11_000), beat(2, 12_000), clock(14_400)]
  t.is(after(...story, beat(2, 14_500)).state.kind, 'suspect')
  t.is(after(...story, beat(3, 14_500)).state.kind, 'alive')
  t.is(after(...story, beat(1, 14_500, 'b')).state.kind, 'alive')
})

test('while the bus is away, or this process was late, a missing heartbeat is no suspicion', (t) => {
  const story = [...PEACE, beat(1, 11_000)]
  const away = after(...story, clock(13_400, 'away'))
  t.is(away.state.kind, 'alive')
  t.is(away.state.views.heartbeat, undefined)
  const late = after(...story, clock(14_500))
  t.is(late.state.kind, 'alive')
  t.regex(late.timers[0] ?? '', /^silence 13\d\d$/)
  t.is(after(...story, clock(14_500), clock(15_900)).state.kind, 'suspect')
})

test('heartbeats are told again now and then, for they may be all there is', (t) => {
  const story = [beat(1, 1000), beat(2, 2000)]
  t.is(after(...story).words.length, 0)
  t.is(after(...story, beat(3, 11_000)).words.length, 1)
})

test('each channel always has exactly one next probe, or is being asked', (t) => {
  const moments = fc.array(
    fc.record({
      what: fc.constantFrom('probe', 'beat', 'clock'),
      pick: fc.integer({ min: 0, max: 1 }),
      ssh: fc.constantFrom('alive', 'refused', 'silent', 'misconfigured'),
      power: fc.constantFrom('on', 'off', 'silent'),
      passMs: fc.integer({ min: 1, max: 5000 }),
    }),
    { minLength: 1, maxLength: 60, size: 'max' },
  )
  holds(
    t,
    fc.property(moments, (walk) => {
      let [state, effects] = behaviour(NEW_WATCHER, drawn)
      let planned = new Set<string>()
      const asked = new Set<string>()
      let nowMs = 0
      let beats = 0
      const step = (message: HostWatcherMessage): void => {
        const before: HostWatcherState = state
        ;[state, effects] = behaviour(state, message)
        if (before.kind !== state.kind) planned = new Set()
        for (const effect of effects) {
          if (effect.type === 'timer.start' && effect.name !== 'silence') planned.add(effect.name)
        }
      }
      for (const effect of effects) if (effect.type === 'timer.start') planned.add(effect.name)
      for (const moment of walk) {
        nowMs += moment.passMs
        const channel = moment.pick === 0 ? 'ssh' : 'power'
        if (moment.what === 'beat') step(beat((beats += 1), nowMs))
        else if (moment.what === 'clock') step(clock(nowMs))
        else if (asked.delete(channel)) {
          step(shows(channel === 'ssh' ? ssh(moment.ssh) : power(moment.power), nowMs))
        } else {
          planned.delete(`probe-${channel}`)
          asked.add(channel)
          step(due(channel))
        }
        for (const each of ['ssh', 'power']) {
          if (planned.has(`probe-${each}`) === asked.has(each)) return false
        }
      }
      return true
    }),
  )
})

test('peace probes are spread by a tenth, and no BMC is asked faster than it can bear', (t) => {
  const peace = { state: 'alive', nowMs: 0, askedAtMs: 0, rests: false } as const
  t.is(nextProbeAtMs(TIMING, 'ssh', { ...peace, chance: 0 }), 9000)
  t.is(nextProbeAtMs(TIMING, 'ssh', { ...peace, chance: 0.999_999 }), 11_000)
  t.is(nextProbeAtMs(TIMING, 'power', { ...peace, chance: 0.5 }), 20_000)
  const suspect = { state: 'suspect', nowMs: 0, askedAtMs: 0, chance: 0, rests: true } as const
  t.is(nextProbeAtMs(TIMING, 'power', suspect), 5000)
  t.is(nextProbeAtMs(TIMING, 'ssh', suspect), 1000)
  t.is(nextProbeAtMs(TIMING, 'power', { ...suspect, state: 'dead', rests: false }), 18_000)
  t.is(nextProbeAtMs(TIMING, 'power', { ...peace, chance: 0.5, rests: true }), 300_000)
})

test('hosts that are no suspects any more are asked at any moment of the next interval, not in step', (t) => {
  const well = { state: 'alive', nowMs: 1000, askedAtMs: 1000, rests: false } as const
  t.is(changedProbeAtMs(TIMING, 'ssh', { ...well, chance: 0 }), 2000)
  t.is(changedProbeAtMs(TIMING, 'ssh', { ...well, chance: 0.9 }), 10_000)
  holds(
    t,
    fc.property(
      fc.constantFrom('alive', 'suspect', 'dead'),
      fc.integer({ min: 0, max: 30_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (state, sinceMs, chance) => {
        const occasion = {
          state,
          nowMs: 30_000,
          askedAtMs: 30_000 - sinceMs,
          chance,
          rests: false,
        } as const
        return changedProbeAtMs(TIMING, 'power', occasion) - occasion.askedAtMs >= 5000
      },
    ),
  )
})

const suspect = (atMs: number): HostWatcherMessage => ({
  type: 'watcher.neighbour-suspect',
  atMs,
})

test('when a neighbour is suspect, SSH is asked at once, but not twice in a second, and the BMC is not', (t) => {
  t.deepEqual(after(...PEACE, suspect(6000)).timers, ['probe-ssh 0'])
  t.deepEqual(after(drawn, due('ssh'), shows(ssh('alive'), 2500), suspect(2700)).timers, [
    'probe-ssh 800',
  ])
  t.deepEqual(after(...PEACE, due('ssh'), suspect(9000)).timers, [], 'it is being asked')
})
