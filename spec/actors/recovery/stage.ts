/** Plays messages to a segment and its recoveries one by one, and shows the result. */
import type { AnyMessage, KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { FenceReply } from '../../../actors/fence/fence-messages.ts'
import type { SegmentSnapshot, UnfinishedRecovery } from '../../../actors/ports/store.ts'
import type {
  Known,
  RecoveryEffect,
  RecoveryKind,
  RecoveryMessage,
  RecoveryOrder,
  RecoveryRules,
  RecoveryState,
  Turn,
} from '../../../actors/recovery/recovery-messages.ts'
import { newRecovery, recovery } from '../../../actors/recovery/recovery.ts'
import {
  SERVING,
  type SegmentMessage,
  type SegmentState,
} from '../../../actors/segment/segment-messages.ts'
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

/** The situation of a segment without other recoveries. */
export const AT_REST = {
  nowWallMs: 0,
  ledForMs: 0,
  inContactForMs: Infinity,
  hostSeenWell: false,
  doubted: new Set<HostId>(),
  cut: { kind: 'separate' } as const,
  awaited: undefined,
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
  deadDomain: 'hosts' as const,
  unsureHoldMs: 600_000,
  holdDownMs: 0,
  partitionHoldDownMs: 0,
  crashLoop: { failuresMin: 3, windowMs: 86_400_000, firstMs: 600_000, longestMs: 86_400_000 },
  overall: { hostsMax: 0, shareMax: 1, windowMs: 300_000 },
  runsMax: 3,
  aliveLooksMax: 4,
  aliveLookMs: 15_000,
  heldRecheckMs: 35_000,
  firstPauseMs: 30_000,
}

/** An effect, with the recovery that asks for it. */
export type Effect = (RecoveryEffect | KernelEffect<RecoveryMessage>) & {
  readonly about: NotificationId
}

/** A message to the segment, or to one of its recoveries. */
export type Word =
  SegmentMessage | { readonly to: NotificationId; readonly message: RecoveryMessage }

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
  said: Partial<Pick<UnfinishedRecovery, 'control' | 'commandCount'>> = {},
): SegmentMessage => ({
  type: 'segment.recover',
  unfinished: {
    notification,
    host: hosts.find(({ uuid }) => uuid === notification.sourceHost),
    control: { kind: 'running' },
    commandCount: 0,
    ...said,
  },
  evidence: ['reported'],
  objection,
})

/** The turn is completed with the one that the recovery was given last. */
export const consulted = (
  notification: Notification = reportOf(),
  change: Partial<SegmentSnapshot> = {},
): Word => ({
  to: notification.uuid,
  message: {
    type: 'recovery.consulted',
    turn: NO_TURN,
    snapshot: snapshotRow({ notification, hosts, ...change }),
    nowWallMs: 0,
    ledForMs: 0,
    inContactForMs: Infinity,
    hostSeenWell: false,
    doubted: new Set(),
    cut: { kind: 'separate' } as const,
    awaited: undefined,
  },
})

const NO_TURN: Turn = {
  inFlight: new Set(),
  recovering: new Map(),
  crowd: 1,
}

/** A message to a recovery without further fields. */
export const about = (
  type: 'recovery.admitted' | 'recovery.gone' | 'recovery.decide-due' | 'recovery.concluded',
  to: NotificationId = N1,
): Word => ({ to, message: { type } })

export const alive = (host: HostId = H1): SegmentMessage => ({
  type: 'segment.host-alive',
  host,
  reason: 'seen alive',
})

export const fenced = (notification: NotificationId = N1): Word => ({
  to: notification,
  message: { type: 'fence.confirmed', certificate: certificateRow({ notification }) },
})

export const unfenced = (
  type: Exclude<FenceReply['type'], 'fence.confirmed'>,
  notification: NotificationId = N1,
): Word => ({ to: notification, message: { type, notification, reason: 'because' } })

export const evacuated = (failed: number, notification: NotificationId = N1): Word => ({
  to: notification,
  message: { type: 'evacuator.finished', notification, succeeded: 2, failed, ignored: 1 },
})

/** The failed attempt is written, and the next one is due. */
export const suspended = (to: NotificationId = N1, chance = 0.5): Word => ({
  to,
  message: { type: 'recovery.suspended', chance },
})

export const forbidden = (notification: NotificationId = N1): Word => ({
  to: notification,
  message: { type: 'evacuator.forbidden', notification, reason: 'because' },
})

/** The messages until the fence, and until the evacuation, of one recovery. */
export const UNTIL_FENCING = [recover(), consulted(), about('recovery.admitted')]
export const UNTIL_EVACUATING = [...UNTIL_FENCING, fenced()]

interface Actor {
  readonly behaviour: ReturnType<typeof recovery>
  state: RecoveryState
  turn: Turn
}

/**
 * A segment and its recoveries without a kernel. After each message, all messages that they send
 * each other are handled.
 */
export class Stage {
  state: SegmentState = SERVING
  readonly recoveries = new Map<string, Actor>()
  /** Types of all messages that the recoveries received. */
  readonly told: string[] = []
  readonly #segment = segment({ segment: SEGMENT, epoch: EPOCH })
  readonly #rules: RecoveryRules
  #waiting: { readonly to: string; readonly message: AnyMessage }[] = []
  #effects: Effect[] = []

  constructor(rules: RecoveryRules = RULES) {
    this.#rules = rules
  }

  /** The effects that they asked for. */
  tell(word: Word): readonly Effect[] {
    this.#effects = []
    this.#waiting =
      'to' in word
        ? [{ to: `recovery/${word.to}`, message: word.message }]
        : [{ to: `segment/${SEGMENT}`, message: word }]
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.to.startsWith('segment/')) this.#tellSegment(next.message as SegmentMessage)
      else this.#tellRecovery(next.to, next.message as RecoveryMessage)
    }
    return this.#effects
  }

  kindOf(id: NotificationId): RecoveryKind | undefined {
    const actor = this.recoveries.get(`recovery/${id}`)
    return actor === undefined ? this.state.recoveries.get(id)?.summary.kind : actor.state.kind
  }

  get kinds(): readonly (RecoveryKind | undefined)[] {
    return [...this.state.recoveries.keys()].map((id) => this.kindOf(id))
  }

  #tellSegment(message: SegmentMessage): void {
    const [next, effects] = this.#segment(this.state, message)
    this.state = next
    for (const effect of effects) {
      if (effect.type === 'tell') this.#waiting.push(effect)
      if (effect.type === 'child.stop') this.recoveries.delete(`recovery/${effect.name}`)
      if (effect.type === 'child.start') this.#start(effect.argument as RecoveryOrder)
    }
  }

  #start(order: RecoveryOrder): void {
    const to = `recovery/${order.notification.uuid}`
    const behaviour = recovery(order, this.#rules)
    this.recoveries.set(to, { behaviour, state: newRecovery(order), turn: NO_TURN })
    this.#waiting.push({ to, message: { type: 'recovery.begin' } })
  }

  #tellRecovery(to: string, told: RecoveryMessage): void {
    this.told.push(told.type)
    const actor = this.recoveries.get(to)
    if (actor === undefined) return
    if (told.type === 'recovery.turn') actor.turn = told
    const { turn } = actor
    const message = told.type === 'recovery.consulted' ? { ...told, turn } : told
    const [next, effects] = actor.behaviour(actor.state, message)
    actor.state = next
    for (const effect of effects) {
      if (effect.type === 'tell' && effect.to.startsWith('segment/')) this.#waiting.push(effect)
      else this.#effects.push({ ...effect, about: to.slice('recovery/'.length) as NotificationId })
    }
  }
}

export interface Ending {
  readonly stage: Stage
  /** The result of the last message. */
  readonly effects: readonly Effect[]
  /** The result of each message. */
  readonly chapters: readonly (readonly Effect[])[]
  readonly phaseOf: (notification?: NotificationId) => RecoveryKind | undefined
  readonly known: (notification?: NotificationId) => Known | undefined
}

/** The result of a story. */
export const after = (...story: readonly Word[]): Ending => afterUnder(RULES, story)

/** The same with other rules. */
export function afterUnder(rules: RecoveryRules, story: readonly Word[]): Ending {
  const stage = new Stage(rules)
  const chapters = story.map((word) => stage.tell(word))
  return {
    stage,
    chapters,
    effects: chapters.at(-1) ?? [],
    phaseOf: (id = N1) => stage.kindOf(id),
    known: (id = N1) => stage.recoveries.get(`recovery/${id}`)?.state.known,
  }
}

/** Kind and name of every child that is started. */
export const started = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === 'child.start' ? [`${effect.kind}/${effect.name}`] : [],
  )

/** The status and the reason of each concluded recovery. */
export const concluded = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === 'recovery.conclude' ? [`${effect.to}: ${effect.reason}`] : [],
  )

/** The recoveries that read the situation. */
export const consulting = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap(({ type, about: id }) => (type === 'snapshot.read' ? [id] : []))

/** The recoveries whose children are stopped. */
export const stopped = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === 'child.stop' ? [`${effect.kind}/${effect.name}`] : [],
  )
