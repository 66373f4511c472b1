/** What a recovery is told, what it asks for, what it knows, and the state that it is in. */
import type { Epoch, HostId, HostName, NotificationId, SegmentId } from '../../schema/ids.ts'
import type { EndStatus, Notification } from '../../schema/records.ts'
import type { Control } from '../../schema/recovery-control.ts'
import type { EvacuatorReply } from '../evacuator/evacuator-reply.ts'
import type { FenceReply } from '../fence/fence-messages.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { FaultReply } from '../policy/fault-reply.ts'
import type { StormLimits } from '../policy/segment-policy.ts'
import type { SegmentSnapshot, UnfinishedRecovery } from '../ports/store.ts'
import type { DecisionRules, DisablePlan, FencePlan, RestartPlan } from './decision.ts'
import type { Census } from './storm-guard.ts'

/** What a recovery is started with. It does not change; what does is read again with each decision. */
export interface RecoveryOrder {
  readonly segment: SegmentId
  readonly epoch: Epoch
  readonly notification: Notification
  readonly hostName: HostName
  /** What reporters and watchers said, one sentence each. */
  readonly evidence: readonly string[]
  readonly control: Control
  readonly commandCount: number
  /** Why it must not be acted on: its host has been seen alive all the time. */
  readonly objection: string | null
}

/** What follows once the notification is `running`. */
export type Plan = FencePlan | RestartPlan | DisablePlan

/** Where a recovery is on its way. Those that wait say why. */
type RecoveryPhase =
  | { readonly kind: 'queued'; readonly reason: string | null }
  | { readonly kind: 'deciding'; readonly reason: null }
  /** behind: it waits for the recovery of its host to end, however long that takes. */
  | { readonly kind: 'held'; readonly reason: string; readonly behind: NotificationId | null }
  | { readonly kind: 'admitting'; readonly reason: string; readonly plan: Plan }
  | { readonly kind: 'fencing'; readonly reason: null }
  /** awaited: nothing can be done before there is room for the instances. */
  | {
      readonly kind: 'evacuating'
      readonly reason: string | null
      readonly room: 'there' | 'awaited'
    }
  | { readonly kind: 'restarting' | 'disabling'; readonly reason: null }
  | { readonly kind: 'suspending' | 'pausing'; readonly reason: string }
  | { readonly kind: 'concluding'; readonly reason: string; readonly to: EndStatus }

/** What a recovery knows, wherever it is. */
export interface Known {
  /** Attempts of the whole recovery, 1 the first time. */
  readonly run: number
  /** The attempt that counts as the first: an operator's retry begins anew. */
  readonly firstRun: number
  /** Whether operators let it go on, as last heard. */
  readonly control: Control
  /** How many commands operators had given when it was decided on last. */
  readonly commandsHeard: number
  /** Whether the death certificate is there: from then on there is no way back. */
  readonly certified: boolean
  /** How often the leader itself has seen its host alive. */
  readonly seenAlive: number
  /** Why it was held last, so that a reason is recorded once. */
  readonly lastHeld: string | null
  /** Of this many recoveries of the segment it is one. */
  readonly crowd: number
}

export type RecoveryState = RecoveryPhase & { readonly known: Known }
export type RecoveryKind = RecoveryState['kind']

/** What the segment says with a turn: what its other recoveries do. */
export interface Turn {
  /** Hosts that are being fenced or evacuated. */
  readonly inFlight: ReadonlySet<HostId>
  /** Instances that are being restarted, and by which recovery. */
  readonly recovering: ReadonlyMap<string, NotificationId>
  /** How many recoveries the segment has. */
  readonly crowd: number
}

export type RecoveryMessage =
  | { readonly type: 'recovery.begin' }
  /** Repeated for as long as the notification is unfinished. */
  | ({ readonly type: 'recovery.heard' } & Pick<UnfinishedRecovery, 'control' | 'commandCount'>)
  | { readonly type: 'recovery.host-alive'; readonly reason: string }
  | ({ readonly type: 'recovery.turn' } & Turn)
  /** The recovery of its host begins to act; the one that it waits for has ended, or is not in the segment. */
  | { readonly type: 'recovery.stand-aside' | 'recovery.release' | 'recovery.behind-nobody' }
  | {
      readonly type: 'recovery.consulted' // private
      readonly turn: Turn
      readonly snapshot: SegmentSnapshot
      readonly nowWallMs: number
      readonly ledForMs: number
      readonly inContactForMs: number
      readonly hostSeenWell: boolean
      readonly doubted: ReadonlySet<HostId>
    }
  | { readonly type: 'recovery.admitted' } // private
  | { readonly type: 'recovery.deferred'; readonly reason: string } // private: not under the cap over all segments
  | { readonly type: 'recovery.gone' } // private: no longer unfinished
  | { readonly type: 'recovery.decide-due' } // private: our own timer
  | { readonly type: 'recovery.concluded' } // private
  /** private: that an attempt failed is written; `chance` is in [0, 1). */
  | { readonly type: 'recovery.suspended'; readonly chance: number }
  | FenceReply
  | EvacuatorReply
  | FaultReply

export type RecoveryEffect =
  | { readonly type: 'snapshot.read'; readonly turn: Turn }
  | {
      readonly type: 'recovery.admit'
      readonly known: Known
      readonly reason: string
      /** All segments together, when their cap counts for this recovery. */
      readonly census: Census | null
    }
  | { readonly type: 'recovery.suspend'; readonly run: number; readonly reason: string }
  | { readonly type: 'recovery.note-held'; readonly reason: string }
  | {
      readonly type: 'recovery.conclude'
      readonly certified: boolean
      readonly to: EndStatus
      readonly reason: string
    }
  /** Ends it for an operator: its host stays out of service until it returns. */
  | { readonly type: 'recovery.cancel'; readonly reason: string }
  /** Whether its host counts as acted on right now, over all segments. */
  | { readonly type: 'flight.leave' | 'flight.rejoin' }

export interface RecoveryRules extends DecisionRules {
  /** The storm guard of all segments together. */
  readonly overall: StormLimits
  /** Attempts of one recovery before it is given up. */
  readonly runsMax: number
  /** A host that the leader itself sees alive is looked at again so often in all, and after such a pause, ms. */
  readonly aliveLooksMax: number
  readonly aliveLookMs: number
  /** Pause before a held recovery is decided on again, ms. */
  readonly heldRecheckMs: number
  /** Pause after the first attempt that failed, ms. It is doubled after each further one. */
  readonly firstPauseMs: number
}

export type RecoveryEffects = readonly (RecoveryEffect | KernelEffect<RecoveryMessage>)[]
export type RecoveryStep = Step<RecoveryState, RecoveryEffects[number]>
