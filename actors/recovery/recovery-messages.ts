/** The messages, effects, knowledge and states of a recovery. */
import type { Epoch, HostId, HostName, NotificationId, SegmentId } from '../../schema/ids.ts'
import type { EndStatus, Notification } from '../../schema/records.ts'
import type { Control } from '../../schema/recovery-control.ts'
import type { EvacuatorReply } from '../evacuator/evacuator-reply.ts'
import type { FenceReply } from '../fence/fence-messages.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { FaultReply } from '../policy/fault-reply.ts'
import type { StormLimits } from '../policy/segment-policy.ts'
import type { SegmentSnapshot, UnfinishedRecovery } from '../ports/store.ts'
import type { Awaited } from '../verification/companions.ts'
import type { Cut } from '../verification/cut.ts'
import type { DecisionRules, DisablePlan, FencePlan, RestartPlan } from './decision.ts'
import type { Census } from './storm-guard.ts'

/**
 * The argument of a recovery. It does not change. What may change is read again for each decision.
 */
export interface RecoveryOrder {
  readonly segment: SegmentId
  readonly epoch: Epoch
  readonly notification: Notification
  readonly hostName: HostName
  /** What reporters and observers said, one sentence each. */
  readonly evidence: readonly string[]
  readonly control: Control
  readonly commandCount: number
  /** Why it must not be acted on: its host has been seen alive all the time. */
  readonly objection: string | null
}

/** What follows after the notification is `running`. */
export type Plan = FencePlan | RestartPlan | DisablePlan

/** The phases of a recovery. Those that wait have a reason. */
type RecoveryPhase =
  | { readonly kind: 'queued'; readonly reason: string | null }
  | { readonly kind: 'deciding'; readonly reason: null }
  /** behind: the recovery of its host, until whose end it waits, however long that takes. */
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

/** What a recovery knows in every phase. */
export interface Known {
  /** The number of this attempt, 1 the first time. */
  readonly run: number
  /** The number of the attempt that counts as the first one since an operator's last retry. */
  readonly firstRun: number
  /** Whether operators allow it to go on, as last heard. */
  readonly control: Control
  /** How many commands operators had given at the last decision. */
  readonly commandsHeard: number
  /** Whether the death certificate exists. From then on, the recovery cannot be called off. */
  readonly certified: boolean
  /** How often the leader itself has seen its host alive. */
  readonly seenAlive: number
  /** The reason of the last hold, so that each reason is recorded once. */
  readonly lastHeld: string | null
  /** The number of recoveries in the segment. */
  readonly crowd: number
}

export type RecoveryState = RecoveryPhase & { readonly known: Known }
export type RecoveryKind = RecoveryState['kind']

/** What the segment sends with a turn: what its other recoveries do. */
export interface Turn {
  /** Hosts that are being fenced or evacuated. */
  readonly inFlight: ReadonlySet<HostId>
  /** Instances that are being restarted, with their recovery. */
  readonly recovering: ReadonlyMap<string, NotificationId>
  /** How many recoveries the segment has. */
  readonly crowd: number
}

export type RecoveryMessage =
  | { readonly type: 'recovery.begin' }
  /** Repeated while the notification is unfinished. */
  | ({ readonly type: 'recovery.heard' } & Pick<UnfinishedRecovery, 'control' | 'commandCount'>)
  | { readonly type: 'recovery.host-alive'; readonly reason: string }
  | ({ readonly type: 'recovery.turn' } & Turn)
  /**
   * stand-aside: the recovery of its host begins to act; release: the recovery that it waits for
   * has ended; behind-nobody: that recovery is not in the segment.
   */
  | { readonly type: 'recovery.stand-aside' | 'recovery.release' | 'recovery.behind-nobody' }
  | {
      readonly type: 'recovery.consulted' // private
      readonly turn: Turn
      readonly snapshot: SegmentSnapshot
      readonly nowWallMs: number
      readonly ledForMs: number
      readonly inContactForMs: number
      readonly hostSeenWell: boolean
      readonly cut: Cut
      readonly awaited: Awaited | undefined
      readonly doubted: ReadonlySet<HostId>
    }
  | { readonly type: 'recovery.admitted' } // private
  | { readonly type: 'recovery.deferred'; readonly reason: string } // private: the cap of all segments is reached
  | { readonly type: 'recovery.gone' } // private: no longer unfinished
  | { readonly type: 'recovery.decide-due' } // private: our own timer
  | { readonly type: 'recovery.concluded' } // private
  /** private: the failed attempt is stored; `chance` is in [0, 1). */
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
      /** All segments together, when their cap applies to this recovery. */
      readonly census: Census | null
    }
  | { readonly type: 'recovery.suspend'; readonly run: number; readonly reason: string }
  | {
      readonly type: 'recovery.note-held'
      readonly reason: string
      readonly evidence: readonly string[]
    }
  | {
      readonly type: 'recovery.conclude'
      readonly certified: boolean
      readonly to: EndStatus
      readonly reason: string
    }
  /**
   * Ends the recovery because an operator cancelled it. Its host stays out of service until it
   * returns.
   */
  | { readonly type: 'recovery.cancel'; readonly reason: string }
  /** Whether its host counts as acted on at present, over all segments. */
  | { readonly type: 'flight.leave' | 'flight.rejoin' }

export interface RecoveryRules extends DecisionRules {
  /** The storm guard of all segments together. */
  readonly overall: StormLimits
  /** Attempts of one recovery before it is given up. */
  readonly runsMax: number
  /**
   * How often the leader looks again at a host that it sees alive, and the pause between the looks,
   * ms.
   */
  readonly aliveLooksMax: number
  readonly aliveLookMs: number
  /** The pause before a held recovery is decided again, ms. */
  readonly heldRecheckMs: number
  /** The pause after the first failed attempt, ms. It doubles after each further one. */
  readonly firstPauseMs: number
}

export type RecoveryEffects = readonly (RecoveryEffect | KernelEffect<RecoveryMessage>)[]
export type RecoveryStep = Step<RecoveryState, RecoveryEffects[number]>
