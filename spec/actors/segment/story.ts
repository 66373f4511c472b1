/** Tells a segment a story, message by message, and shows where it led. */
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { FenceReply } from '../../../actors/fence/fence-messages.ts'
import type { SegmentSnapshot, UnfinishedRecovery } from '../../../actors/ports/store.ts'
import type { Recovery } from '../../../actors/segment/recovery.ts'
import {
  SERVING,
  type SegmentEffect,
  type SegmentMessage,
  type SegmentRules,
  type SegmentState,
} from '../../../actors/segment/segment-state.ts'
import { segment } from '../../../actors/segment/segment.ts'
import type { HostId, NotificationId } from '../../../schema/ids.ts'
import type { Notification } from '../../../schema/records.ts'
import {
  EPOCH,
  H1,
  H2,
  N1,
  SEGMENT,
  TWO,
  certificateRow,
  hostRow,
  notificationRow,
  snapshotRow,
} from '../records.ts'

/** The situation of a segment in which nothing else goes on. */
export const AT_REST = {
  nowWallMs: 0,
  ledForMs: 0,
  inContactForMs: Infinity,
  hostSeenWell: false,
  doubted: new Set<HostId>(),
  inFlight: new Set<HostId>(),
  recovering: new Map<string, NotificationId>(),
} as const

export const RULES = {
  storm: { hostsMax: 0, shareMax: 1, windowMs: 300_000 },
  expiryMs: 3_600_000,
  gatheringMs: 60_000,
  rungs: [{ kind: 'bmc', limitMs: 20_000 } as const],
  consentSegments: [],
  returnToService: 'operator' as const,
  unsureHoldMs: 600_000,
  holdDownMs: 0,
  partitionHoldDownMs: 0,
  crashLoop: { failuresMin: 3, windowMs: 86_400_000, firstMs: 600_000, longestMs: 86_400_000 },
  overall: { hostsMax: 0, shareMax: 1, windowMs: 300_000 },
  runsMax: 3,
  aliveLooksMax: 4,
  aliveLookMs: 15_000,
  retryIntervalMs: 30_000,
}

export type Effect = SegmentEffect | KernelEffect<SegmentMessage>
export type Kind = Recovery['phase']['kind']

const hosts = [hostRow(), hostRow({ uuid: H2, name: TWO })]

/** A trusted report about a host. */
export const reportOf = (
  uuid: NotificationId = N1,
  host: HostId = H1,
  change: Partial<Notification> = {},
): Notification => notificationRow({ uuid, sourceHost: host, ...change })

export const recover = (
  notification: Notification = reportOf(),
  objection: string | null = null,
  said: Partial<Pick<UnfinishedRecovery, 'standing' | 'wordCount'>> = {},
): SegmentMessage => ({
  type: 'segment.recover',
  unfinished: {
    notification,
    host: hosts.find(({ uuid }) => uuid === notification.sourceHost),
    standing: { kind: 'free' },
    wordCount: 0,
    ...said,
  },
  evidence: ['reported'],
  objection,
})

export const consulted = (
  notification: Notification = reportOf(),
  change: Partial<SegmentSnapshot> = {},
): SegmentMessage & { readonly type: 'segment.consulted' } => ({
  type: 'segment.consulted',
  notification: notification.uuid,
  snapshot: snapshotRow({ notification, hosts, ...change }),
  nowWallMs: 0,
  ledForMs: 0,
  inContactForMs: Infinity,
  hostSeenWell: false,
  doubted: new Set(),
})

/** A word about a recovery that carries nothing else. */
export const about = (
  type: 'segment.admitted' | 'segment.gone' | 'segment.decide-due' | 'segment.concluded',
  notification: NotificationId = N1,
): SegmentMessage => ({ type, notification })

export const alive = (host: HostId = H1): SegmentMessage => ({
  type: 'segment.host-alive',
  host,
  reason: 'seen alive',
})

export const fenced = (notification: NotificationId = N1): FenceReply => ({
  type: 'fence.confirmed',
  certificate: certificateRow({ notification }),
})

export const unfenced = (
  type: 'fence.unconfirmed' | 'fence.refused' | 'fence.abandoned',
  notification: NotificationId = N1,
): FenceReply => ({ type, notification, reason: 'because' })

export const evacuated = (failed: number, notification: NotificationId = N1): SegmentMessage => ({
  type: 'evacuator.finished',
  notification,
  succeeded: 2,
  failed,
  ignored: 1,
})

/** A failed attempt is written, and it is time for the next one. */
export const suspended = (notification: NotificationId = N1, chance = 0.5): SegmentMessage => ({
  type: 'segment.suspended',
  notification,
  chance,
})

export const forbidden = (notification: NotificationId = N1): SegmentMessage => ({
  type: 'evacuator.forbidden',
  notification,
  reason: 'because',
})

/** Up to the fence, and up to the evacuation, of one recovery. */
export const UNTIL_FENCING = [recover(), consulted(), about('segment.admitted')]
export const UNTIL_EVACUATING = [...UNTIL_FENCING, fenced()]

export interface Ending {
  readonly state: SegmentState
  /** What the last message led to. */
  readonly effects: readonly Effect[]
  /** What each message led to. */
  readonly chapters: readonly (readonly Effect[])[]
  readonly phaseOf: (notification?: NotificationId) => Kind | undefined
}

/** Where the story leads. */
export const after = (...story: readonly SegmentMessage[]): Ending => afterUnder(RULES, story)

/** The same under other rules. */
export function afterUnder(rules: SegmentRules, story: readonly SegmentMessage[]): Ending {
  const behaviour = segment({ segment: SEGMENT, epoch: EPOCH }, rules)
  let state = SERVING
  const chapters = story.map((message) => {
    const [next, effects] = behaviour(state, message)
    state = next
    return effects
  })
  const { recoveries } = state
  const effects = chapters.at(-1) ?? []
  return { state, effects, chapters, phaseOf: (id = N1) => recoveries.get(id)?.phase.kind }
}

/** Kind and name of every child that is started. */
export const started = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === 'child.start' ? [`${effect.kind}/${effect.name}`] : [],
  )

/** What each recovery is concluded as, and why. */
export const concluded = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === 'recovery.conclude' ? [`${effect.to}: ${effect.reason}`] : [],
  )

/** The effects that end whatever works on a recovery. */
export const stops = (name: string): readonly Effect[] =>
  ['fence', 'evacuator', 'instance-recovery', 'process-recovery'].map((kind) => ({
    type: 'child.stop',
    kind,
    name,
  }))
