/** A host-watcher probes its channels, one after the other each, and tells the observer what it sees. */
import test from 'ava'
import * as fc from 'fast-check'
import type { Sign } from '../../../actors/host-watcher/failure-detector.ts'
import {
  hostWatcher,
  type HostWatcherMessage,
  type HostWatcherState,
  type WatchedHost,
} from '../../../actors/host-watcher/host-watcher.ts'
import { nextProbeMs } from '../../../actors/host-watcher/probe-plan.ts'
import { refOf } from '../../../actors/registry.ts'
import { Secret } from '../../../schema/control-attributes.ts'
import { holds } from '../../support/holds.ts'
import { H1, ONE, SEGMENT } from '../records.ts'

const TIMING = { sshPeaceMs: 10_000, sshBurstMs: 1000, ipmiPeaceMs: 20_000, ipmiBurstMs: 5000 }
const RULES = { samples: 3, timing: TIMING }
const WATCHED: WatchedHost = {
  host: H1,
  hostName: ONE,
  segment: SEGMENT,
  ssh: { address: '192.0.2.1', port: 22, username: 'ha', hostKey: undefined },
  ipmi: {
    kind: 'ipmi',
    address: '192.0.2.101',
    port: 623,
    username: 'ha',
    password: new Secret('x'),
    cipherSuite: 17,
    privilege: 'ADMINISTRATOR',
  },
  problems: [],
  fingerprint: '1',
}
const behaviour = hostWatcher(WATCHED, RULES, refOf('observer', 'hosts'))
const NEW: HostWatcherState = { kind: 'blind', views: {} }

const probed = (channel: 'ssh' | 'ipmi', sign: Sign, chance = 0.5): HostWatcherMessage => ({
  type: 'watcher.probed',
  channel,
  sign,
  detail: sign,
  chance,
})

function after(...story: readonly HostWatcherMessage[]) {
  let state = NEW
  let effects: ReturnType<typeof behaviour>[1] = []
  for (const message of story) [state, effects] = behaviour(state, message)
  const timers = effects.flatMap((effect) =>
    effect.type === 'timer.start' ? [`${effect.name} ${effect.afterMs}`] : [],
  )
  const words = effects.flatMap((effect) => (effect.type === 'tell' ? [effect.message] : []))
  return { state, effects, timers, words }
}

test('a watcher begins with each channel that the host has', (t) => {
  t.deepEqual(after({ type: 'watcher.begin' }).effects, [
    { type: 'probe.first', channel: 'ssh' },
    { type: 'probe.first', channel: 'ipmi' },
  ])
  const bare = hostWatcher({ ...WATCHED, ipmi: undefined }, RULES, refOf('observer', 'hosts'))
  t.deepEqual(bare(NEW, { type: 'watcher.begin' })[1], [{ type: 'probe.first', channel: 'ssh' }])
})

test('a probe that is due is made', (t) => {
  const due: HostWatcherMessage = { type: 'watcher.probe-due', channel: 'ipmi' }
  t.deepEqual(after(due).effects, [{ type: 'probe', channel: 'ipmi' }])
})

test('what a probe shows is told to the observer, changed or not', (t) => {
  const word = {
    type: 'observer.watched',
    host: H1,
    state: 'alive',
    evidence: ['ssh alive 1 times in a row: alive'],
  }
  t.deepEqual(after(probed('ssh', 'alive')).words, [word])
  t.like(after(probed('ssh', 'alive'), probed('ssh', 'alive')).words[0], { state: 'alive' })
})

test('an unchanged verdict plans the next probe of that channel only', (t) => {
  t.deepEqual(after(probed('ssh', 'alive'), probed('ssh', 'alive')).timers, ['probe-ssh 10000'])
})

test('a new suspect has every channel planned anew, its power at once', (t) => {
  const story = [probed('ssh', 'alive'), probed('ssh', 'silent')]
  t.deepEqual(after(...story).timers, ['probe-ssh 1000', 'probe-ipmi 0'])
  t.is(after(...story).state.kind, 'suspect')
})

test('a suspect that answers again is at peace again', (t) => {
  const story = [probed('ssh', 'silent'), probed('ssh', 'alive')]
  t.deepEqual(after(...story).timers, ['probe-ssh 10000', 'probe-ipmi 20000'])
})

test('a host that stays silent is dead after as many samples as the rules say', (t) => {
  const silence = Array.from({ length: 3 }, () => probed('ssh', 'silent'))
  t.is(after(...silence.slice(1)).state.kind, 'suspect')
  t.is(after(...silence).state.kind, 'dead')
})

test('each channel always has exactly one next probe', (t) => {
  const words = fc.oneof(
    fc.constantFrom<Sign>('alive', 'refused', 'silent', 'misconfigured').map((sign) => ({
      channel: 'ssh' as const,
      sign,
    })),
    fc.constantFrom<Sign>('powered-on', 'powered-off', 'silent').map((sign) => ({
      channel: 'ipmi' as const,
      sign,
    })),
  )
  holds(
    t,
    fc.property(fc.array(words, { minLength: 1 }), (walk) => {
      let state = NEW
      let planned = new Set<string>(['probe-ssh', 'probe-ipmi'])
      for (const { channel, sign } of walk) {
        planned.delete(`probe-${channel}`) // this is the probe that was planned
        const [next, effects] = behaviour(state, probed(channel, sign))
        if (next.kind !== state.kind) planned = new Set()
        for (const effect of effects) if (effect.type === 'timer.start') planned.add(effect.name)
        if (planned.size !== 2) return false
        state = next
      }
      return true
    }),
  )
})

test('peace probes are spread by a tenth, and no BMC is asked faster than it can bear', (t) => {
  const peace = { state: 'alive', before: 'alive' } as const
  t.is(nextProbeMs(TIMING, 'ssh', { ...peace, chance: 0 }), 9000)
  t.is(nextProbeMs(TIMING, 'ssh', { ...peace, chance: 0.999_999 }), 11_000)
  t.is(nextProbeMs(TIMING, 'ipmi', { ...peace, chance: 0.5 }), 20_000)
  const suspect = { state: 'suspect', before: 'suspect', chance: 0 } as const
  t.is(nextProbeMs(TIMING, 'ipmi', suspect), 5000)
  t.is(nextProbeMs(TIMING, 'ssh', suspect), 1000)
  t.is(nextProbeMs(TIMING, 'ipmi', { ...suspect, state: 'dead' }), 18_000)
})
