/** Watches one host over its channels and tells the observer what it sees, changed or not. */
import type { HostId, HostName, SegmentId } from '../../schema/ids.ts'
import type { BmcSettings, SshSettings } from '../../schema/control-attributes.ts'
import type { HostState } from '../../schema/messages/observation.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import {
  evidenceOf,
  judge,
  observe,
  type Channel,
  type ChannelViews,
  type DetectorRules,
  type Sign,
} from './failure-detector.ts'
import type { ObserverMessage } from './observer.ts'
import { nextProbeMs, type Occasion, type ProbeTiming } from './probe-plan.ts'

export interface WatchedHost {
  readonly host: HostId
  readonly hostName: HostName
  readonly segment: SegmentId
  /** Its BMC, over the protocol that is preferred. */
  readonly ipmi: BmcSettings | undefined
  readonly ssh: SshSettings | undefined
  /** What is wrong with its settings. */
  readonly problems: readonly string[]
  /** Changes whenever the registration does. */
  readonly fingerprint: string
}

export type HostWatcherMessage =
  | { readonly type: 'watcher.begin' } // first message
  | { readonly type: 'watcher.probe-due'; readonly channel: Channel } // private: our own timer
  | {
      readonly type: 'watcher.probed' // private
      readonly channel: Channel
      readonly sign: Sign
      readonly detail: string
      /** Random number in [0, 1) for the spread of the next probe. */
      readonly chance: number
    }

export interface HostWatcherState {
  readonly kind: HostState
  readonly views: ChannelViews
}

export type HostWatcherEffect =
  | { readonly type: 'probe'; readonly channel: Channel }
  | { readonly type: 'probe.first'; readonly channel: Channel }

export interface HostWatcherRules extends DetectorRules {
  readonly timing: ProbeTiming
}

type HostWatcherStep = Step<HostWatcherState, HostWatcherEffect | KernelEffect<HostWatcherMessage>>

export const hostWatcher =
  (watched: WatchedHost, rules: HostWatcherRules, observer: ActorRef<ObserverMessage>) =>
  (state: HostWatcherState, message: HostWatcherMessage): HostWatcherStep => {
    switch (message.type) {
      case 'watcher.begin':
        return [state, channelsOf(watched).map((channel) => ({ type: 'probe.first', channel }))]
      case 'watcher.probe-due':
        return [state, [{ type: 'probe', channel: message.channel }]]
      case 'watcher.probed':
        return onProbed(watched, rules, { state, observer }, message)
      default:
        return assertNever(message)
    }
  }

function onProbed(
  watched: WatchedHost,
  rules: HostWatcherRules,
  {
    state,
    observer,
  }: { readonly state: HostWatcherState; readonly observer: ActorRef<ObserverMessage> },
  { channel, sign, detail, chance }: HostWatcherMessage & { readonly type: 'watcher.probed' },
): HostWatcherStep {
  const views = observe(state.views, channel, { sign, detail })
  const kind = judge(views, rules)
  // The kind of state changes with the verdict, and that ends all timers: each channel is planned anew.
  const planned = kind === state.kind ? [channel] : channelsOf(watched)
  return [
    { kind, views },
    [
      ...planned.map((each) =>
        probeLater(rules, each, { state: kind, before: state.kind, chance }),
      ),
      tell(observer, {
        type: 'observer.watched',
        host: watched.host,
        state: kind,
        evidence: evidenceOf(views),
      }),
    ],
  ]
}

const probeLater = (
  rules: HostWatcherRules,
  channel: Channel,
  occasion: Occasion,
): KernelEffect<HostWatcherMessage> => ({
  type: 'timer.start',
  name: `probe-${channel}`,
  afterMs: nextProbeMs(rules.timing, channel, occasion),
  message: { type: 'watcher.probe-due', channel },
})

function channelsOf({ ssh, ipmi }: WatchedHost): readonly Channel[] {
  return [
    ...(ssh === undefined ? [] : ['ssh' as const]),
    ...(ipmi === undefined ? [] : ['ipmi' as const]),
  ]
}
