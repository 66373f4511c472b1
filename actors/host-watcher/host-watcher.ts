/** Watches one host over its channels and tells the observer what it sees, changed or not. */
import type { HostId, HostName, SegmentId } from '../../schema/ids.ts'
import type { BmcSettings, SshSettings } from '../../schema/control-attributes.ts'
import type { HostHeartbeat, HostState } from '../../schema/messages/observation.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import {
  evidenceOf,
  judge,
  meaningsNow,
  observe,
  showsLife,
  type ChannelViews,
  type DetectorRules,
  type SignOf,
} from './failure-detector.ts'
import type { Beat } from '../verification/host-beats.ts'
import { afterBeat, beatDetail, suspiciousAtMs, type Heart } from './heartbeat.ts'
import type { ObserverMessage } from './observer.ts'
import type { PhiRules } from './phi.ts'
import {
  PROBED,
  changedProbeAtMs,
  firstProbeMs,
  nextProbeAtMs,
  type ProbedChannel,
  type ProbeTiming,
} from './probe-plan.ts'

export interface WatchedHost {
  readonly host: HostId
  readonly hostName: HostName
  readonly segment: SegmentId
  /** The host's BMC, over the preferred protocol: Redfish, else IPMI. */
  readonly power: BmcSettings | undefined
  readonly ssh: SshSettings | undefined
  /** What is wrong with its settings. */
  readonly problems: readonly string[]
  readonly domains: readonly string[]
  /** operator: keeps it out of service, and may switch it off. */
  readonly maintenance: 'operator' | 'none'
  /** Changes whenever what a watcher works with does. */
  readonly fingerprint: string
}

/** What a probe has shown. */
export type Shown =
  | { readonly channel: 'ssh'; readonly sign: SignOf<'ssh'>; readonly detail: string }
  | {
      readonly channel: 'power'
      readonly sign: SignOf<'power'>
      readonly detail: string
      /** Whether the session with the BMC is kept until the next reading. */
      readonly session: 'kept' | 'closed'
    }

export type HostWatcherMessage =
  | { readonly type: 'watcher.begin' } // first message
  | {
      readonly type: 'watcher.drawn' // private: random numbers in [0, 1) for the spread of the first probes
      readonly chances: Readonly<Record<ProbedChannel, number>>
      readonly atMs: number
    }
  | { readonly type: 'watcher.probe-due'; readonly channel: ProbedChannel } // private: our own timer
  | {
      readonly type: 'watcher.probed' // private
      readonly shown: Shown
      readonly begunAtMs: number
      readonly atMs: number
      /** Random number in [0, 1) for the spread of the next probe. */
      readonly chance: number
    }
  | { readonly type: 'watcher.beat'; readonly beat: Beat; readonly atMs: number } // private: from the bus
  | { readonly type: 'watcher.silence-due' } // private: our own timer
  | { readonly type: 'watcher.clock'; readonly atMs: number; readonly bus: 'connected' | 'away' } // private
  | { readonly type: 'watcher.neighbour-suspect'; readonly atMs: number } // from the observer
  | {
      readonly type: 'watcher.compute' // from the observer
      readonly sign: SignOf<'compute'>
      readonly detail: string
      /** When Nova wrote its row, by our monotonic clock. */
      readonly writtenAtMs: number
      readonly atMs: number
    }

export interface HostWatcherState {
  readonly kind: HostState
  readonly views: ChannelViews
  /** undefined: no heartbeat has ever come. */
  readonly heart: Heart | undefined
  /** When each channel is asked next; none while it is being asked. */
  readonly dueMs: Readonly<Partial<Record<ProbedChannel, number>>>
  /** When it was asked last. */
  readonly askedMs: Readonly<Partial<Record<ProbedChannel, number>>>
  /** The random number that came last. */
  readonly chance: number
  /** Of the BMC, after the last reading. */
  readonly session: 'kept' | 'closed'
  /** When the observer was told last. */
  readonly toldMs: number
}

export type HostWatcherEffect =
  | { readonly type: 'chances.draw' }
  | { readonly type: 'heartbeats.listen' }
  /** What a heartbeat that counts says of libvirt, for operators. */
  | { readonly type: 'libvirt.note'; readonly libvirt: HostHeartbeat['libvirt'] }
  /** `dueMs`: sooner than this, the heartbeat is not missing. */
  | { readonly type: 'clock.read'; readonly dueMs: number }
  | { readonly type: 'probe'; readonly channel: ProbedChannel }

export interface HostWatcherRules extends DetectorRules {
  readonly timing: ProbeTiming
  readonly phi: PhiRules
  /** Longest wait for one sign of life over SSH, ms. */
  readonly sshTimeoutMs: number
}

type Effects = readonly (HostWatcherEffect | KernelEffect<HostWatcherMessage>)[]
type HostWatcherStep = Step<HostWatcherState, Effects[number]>

export const NEW_WATCHER: HostWatcherState = {
  kind: 'blind',
  views: {},
  heart: undefined,
  dueMs: {},
  askedMs: {},
  chance: 0,
  session: 'kept',
  toldMs: -Infinity,
}

/** What a step works with and does not change. */
interface Watch {
  readonly watched: WatchedHost
  readonly rules: HostWatcherRules
  readonly observer: ActorRef<ObserverMessage>
}

export const hostWatcher =
  (watched: WatchedHost, rules: HostWatcherRules, observer: ActorRef<ObserverMessage>) =>
  (state: HostWatcherState, message: HostWatcherMessage): HostWatcherStep => {
    const watch = { watched, rules, observer }
    switch (message.type) {
      case 'watcher.begin':
        return [state, [{ type: 'chances.draw' }, { type: 'heartbeats.listen' }]]
      case 'watcher.drawn':
        return onDrawn(watch, state, message)
      case 'watcher.probe-due':
        return onProbeDue(state, message.channel)
      case 'watcher.probed':
        return onProbed(watch, state, message)
      case 'watcher.beat':
        return onBeat(watch, state, message)
      case 'watcher.silence-due':
        return [state, [{ type: 'clock.read', dueMs: silentAtMs(rules, state) }]]
      case 'watcher.clock':
        return onClock(watch, state, message)
      case 'watcher.compute':
        return onCompute(watch, state, message)
      case 'watcher.neighbour-suspect':
        return onNeighbourSuspect(watch, state, message.atMs)
      default:
        return assertNever(message)
    }
  }

function onDrawn(
  { watched, rules }: Watch,
  state: HostWatcherState,
  { chances, atMs }: HostWatcherMessage & { readonly type: 'watcher.drawn' },
): HostWatcherStep {
  const channels = PROBED.filter((channel) => watched[channel] !== undefined)
  const dueMs = Object.fromEntries(
    channels.map((channel) => [channel, atMs + firstProbeMs(rules.timing, chances[channel])]),
  )
  const next = { ...state, dueMs, chance: chances.ssh }
  return [next, probeTimers(next, channels, atMs)]
}

function onProbeDue(state: HostWatcherState, channel: ProbedChannel): HostWatcherStep {
  const { [channel]: _due, ...dueMs } = state.dueMs
  return [{ ...state, dueMs }, [{ type: 'probe', channel }]]
}

/** An answer that comes so much later than it may shows that this process was late, and not that the host is silent, ms. */
const LATE_MS = 1000

function onProbed(
  watch: Watch,
  state: HostWatcherState,
  { shown, begunAtMs, atMs, chance }: HostWatcherMessage & { readonly type: 'watcher.probed' },
): HostWatcherStep {
  const { channel, sign } = shown
  const tookMs = atMs - begunAtMs
  const isLate =
    channel === 'ssh' && sign === 'silent' && tookMs > watch.rules.sshTimeoutMs + LATE_MS
  const seen = {
    ...state,
    chance,
    views: isLate ? state.views : observeShown(state.views, shown, { begunAtMs, atMs }),
    askedMs: { ...state.askedMs, [channel]: atMs },
    session: shown.channel === 'power' ? shown.session : state.session,
  }
  return conclude(watch, seen, { atMs, asked: channel, tell: 'always' })
}

/** Silence tells of the moment when the probe began, an answer of the one when it came. */
function observeShown(
  views: ChannelViews,
  shown: Shown,
  { begunAtMs, atMs }: { readonly begunAtMs: number; readonly atMs: number },
): ChannelViews {
  const seenAtMs = shown.sign === 'silent' ? begunAtMs : atMs
  return shown.channel === 'ssh'
    ? observe(views, 'ssh', { sign: shown.sign, detail: shown.detail, atMs: seenAtMs })
    : observe(views, 'power', { sign: shown.sign, detail: shown.detail, atMs: seenAtMs })
}

/** A replay changes nothing; the timer of the silence goes on by itself. */
function onBeat(
  watch: Watch,
  state: HostWatcherState,
  { beat, atMs }: HostWatcherMessage & { readonly type: 'watcher.beat' },
): HostWatcherStep {
  const { rules } = watch
  const heart = afterBeat(state.heart, beat, atMs, rules.phi)
  if (heart === undefined) return [state, []]
  const shown = { sign: 'beating', detail: beatDetail(beat.body), atMs } as const
  const next = { ...state, heart, views: observe(state.views, 'heartbeat', shown) }
  const isRepeated = atMs - state.toldMs >= rules.timing.sshPeaceMs
  const [after, told] = conclude(watch, next, { atMs, tell: isRepeated ? 'always' : 'news' })
  const effects: Effects = [...told, { type: 'libvirt.note', libvirt: beat.body.libvirt }]
  const isTimed = after.kind !== state.kind || state.views.heartbeat?.sign === 'beating'
  return isTimed
    ? [after, effects]
    : [after, [...effects, ...silenceTimer(watch.rules, after, atMs)]]
}

const silentAtMs = ({ phi }: HostWatcherRules, { heart }: HostWatcherState): number =>
  heart === undefined ? Infinity : suspiciousAtMs(heart, phi)

/** The timer of the silence has run out: another heartbeat may have come meanwhile, or this process was late. */
function onClock(
  watch: Watch,
  state: HostWatcherState,
  { atMs, bus }: HostWatcherMessage & { readonly type: 'watcher.clock' },
): HostWatcherStep {
  const { heart, views } = state
  if (heart === undefined || views.heartbeat?.sign !== 'beating') return [state, []]
  if (bus === 'away') {
    const { heartbeat: _unheard, ...others } = views
    return conclude(watch, { ...state, views: others }, { atMs, tell: 'news' })
  }
  const dueMs = suspiciousAtMs(heart, watch.rules.phi)
  if (atMs < dueMs) return [state, silenceTimer(watch.rules, state, atMs)]
  if (atMs - dueMs > LATE_MS) {
    const late = { ...state, heart: { ...heart, lastAtMs: atMs - watch.rules.phi.intervalMs } }
    return [late, silenceTimer(watch.rules, late, atMs)]
  }
  const silentMs = Math.round(atMs - heart.lastAtMs)
  const shown = { sign: 'silent', detail: `no heartbeat for ${silentMs} ms`, atMs } as const
  const next = { ...state, views: observe(views, 'heartbeat', shown) }
  return conclude(watch, next, { atMs, tell: 'always' })
}

function onCompute(
  watch: Watch,
  state: HostWatcherState,
  { sign, detail, writtenAtMs, atMs }: HostWatcherMessage & { readonly type: 'watcher.compute' },
): HostWatcherStep {
  const views = observe(state.views, 'compute', { sign, detail, atMs: writtenAtMs })
  return conclude(watch, { ...state, views }, { atMs, tell: 'news' })
}

/** What made a suspect of a host in the same failure domain may have hit this one: it is asked over SSH now, not at its next turn. */
function onNeighbourSuspect(
  { rules }: Watch,
  state: HostWatcherState,
  atMs: number,
): HostWatcherStep {
  const { ssh: dueMs } = state.dueMs
  const soonestMs = Math.max(atMs, (state.askedMs.ssh ?? -Infinity) + rules.timing.sshBurstMs)
  if (dueMs === undefined || dueMs <= soonestMs) return [state, []]
  const hastened = { ...state, dueMs: { ...state.dueMs, ssh: soonestMs } }
  return [hastened, probeTimers(hastened, ['ssh'], atMs)]
}

interface Occurrence {
  readonly atMs: number
  /** The channel whose probe has just ended. */
  readonly asked?: ProbedChannel | undefined
  /** news: the observer is told only of another state. */
  readonly tell: 'always' | 'news'
}

/** Judges what is seen now. Another state ends all timers, so that every one is started anew then. */
function conclude(
  { watched, rules, observer }: Watch,
  seen: HostWatcherState,
  { atMs, asked, tell: telling }: Occurrence,
): HostWatcherStep {
  const kind = judge(seen.views, rules, atMs)
  const isNews = kind !== seen.kind
  const planned = plannedAnew(rules, { ...seen, kind }, { atMs, asked, before: seen.kind })
  const timers = isNews
    ? [...probeTimers(planned, PROBED, atMs), ...silenceTimer(rules, planned, atMs)]
    : probeTimers(planned, asked === undefined ? [] : [asked], atMs)
  if (telling === 'news' && !isNews) return [planned, timers]
  const word = {
    type: 'observer.watched',
    host: watched.host,
    state: kind,
    evidence: evidenceOf(seen.views, atMs),
    channels: meaningsNow(seen.views, rules, atMs),
    atMs,
  } as const
  return [{ ...planned, toldMs: atMs }, [...timers, tell(observer, word)]]
}

/** The channel that was just asked has its next probe; after a change, so have the others that are not being asked. */
function plannedAnew(
  rules: HostWatcherRules,
  state: HostWatcherState,
  { atMs, asked, before }: Pick<Occurrence, 'atMs' | 'asked'> & { readonly before: HostState },
): HostWatcherState {
  const { kind, chance, askedMs, session } = state
  if (asked === undefined && kind === before) return state
  const { timing } = rules
  const rests = session === 'closed' && showsLife(state.views, rules, atMs)
  const occasion = (channel: ProbedChannel) => ({
    state: kind,
    nowMs: atMs,
    askedAtMs: askedMs[channel],
    chance,
    rests,
  })
  const dueMs = { ...state.dueMs }
  for (const channel of PROBED) {
    // What was never asked keeps its place in the spread of the start, unless it is needed now.
    const isMoved = askedMs[channel] !== undefined || kind === 'suspect'
    if (channel === asked) dueMs[channel] = nextProbeAtMs(timing, channel, occasion(channel))
    else if (kind !== before && isMoved && dueMs[channel] !== undefined) {
      dueMs[channel] = changedProbeAtMs(timing, channel, occasion(channel))
    }
  }
  return { ...state, dueMs }
}

const probeTimers = (
  { dueMs }: HostWatcherState,
  channels: readonly ProbedChannel[],
  nowMs: number,
): readonly KernelEffect<HostWatcherMessage>[] =>
  channels.flatMap((channel) => {
    const atMs = dueMs[channel]
    if (atMs === undefined) return []
    return {
      type: 'timer.start',
      name: `probe-${channel}`,
      afterMs: Math.max(0, atMs - nowMs),
      message: { type: 'watcher.probe-due', channel },
    }
  })

function silenceTimer(
  { phi }: HostWatcherRules,
  { heart, views }: HostWatcherState,
  nowMs: number,
): readonly KernelEffect<HostWatcherMessage>[] {
  if (heart === undefined || views.heartbeat?.sign !== 'beating') return []
  const afterMs = Math.max(0, suspiciousAtMs(heart, phi) - nowMs)
  return [
    { type: 'timer.start', name: 'silence', afterMs, message: { type: 'watcher.silence-due' } },
  ]
}
