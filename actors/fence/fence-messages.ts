/** Messages, states and effects of a fence. */
import type { CertificateGround, DeathCertificate } from '../../schema/records.ts'
import type { Rung } from '../../schema/segment-policy.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { PowerState } from '../ports/power.ts'
import type { Look } from '../verification/look.ts'
import type { GuardedAction, OwnLook } from './guarded-action.ts'
import type { Deceased } from './death-certificate.ts'

/** What the fence answers to the segment. */
export type FenceReply =
  | { readonly type: 'fence.confirmed'; readonly certificate: DeathCertificate }
  | ({ readonly type: 'fence.unconfirmed' } & NotFenced)
  | ({ readonly type: 'fence.refused' } & NotFenced)
  | ({ readonly type: 'fence.abandoned' } & NotFenced)
  | ({ readonly type: 'fence.contradicted' } & NotFenced) // the leader itself sees it alive

interface NotFenced {
  readonly notification: Deceased['notification']
  readonly reason: string
}

export interface FenceOrder extends Deceased {
  /** The fence plan, first rung first. */
  readonly rungs: readonly Rung[]
  /** What is as good as a confirmation once no rung is left; null: nothing is. */
  readonly lastResort: Extract<CertificateGround, 'operator' | 'consent'> | null
  readonly replyTo: ActorRef<FenceReply>
}

/** Milliseconds. */
export interface FenceTiming {
  /** First pause after a failure; doubles. */
  readonly retryMs: number
  /** Pause between an order and reading it back, and between two looks for an operator's command. */
  readonly verifyMs: number
}

/** Every answer says from which rung it comes: one that comes late must not be taken for another one's. */
export type FenceMessage =
  | { readonly type: 'fence.begin' }
  | { readonly type: 'fence.abandon'; readonly reason: string } // evidence of life
  | { readonly type: 'fence.forbid'; readonly reason: string } // an operator's command
  | { readonly type: 'fence.looked'; readonly look: Look } // private
  | { readonly type: 'fence.look-expired' } // private: our own timer
  | { readonly type: 'fence.power-read'; readonly rung: number; readonly power: PowerState } // private
  | { readonly type: 'fence.power-off-ordered'; readonly rung: number } // private
  | FenceFailure // private
  | { readonly type: 'fence.forbidden'; readonly reason: string } // private: no grant for the intent
  | { readonly type: 'fence.read-due'; readonly rung: number } // private: our own timer
  | { readonly type: 'fence.deadline-passed'; readonly rung: number } // private: our own timer
  | { readonly type: 'fence.certified'; readonly certificate: DeathCertificate } // private

export interface FenceFailure {
  readonly type: 'fence.power-failed'
  readonly rung: number
  readonly reason: string
  readonly hopeless: boolean
}

export type FenceState =
  | { readonly kind: 'idle' }
  | Climbing
  | { readonly kind: 'certifying' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'unfenced'; readonly reason: string }

export interface Climbing {
  readonly kind: 'climbing'
  /** What the leader itself sees of the host: nothing irreversible is done without. */
  readonly look: OwnLook
  /** Index of the rung that is tried. */
  readonly rung: number
  /** Rungs through which power off was ordered: from the first one on there is no way back. */
  readonly ordered: readonly number[]
  /** Of these, those whose order was carried out, as they say; only then is an agent or a command believed. */
  readonly carriedOut: readonly number[]
  /** Of these, those that read on before they were ordered: they do not read off whatever they are asked. */
  readonly readOn: readonly number[]
  /** On this rung. */
  readonly failures: number
  readonly lastFailure: string
  /** What speaks for its life since an order was out; null: nothing. */
  readonly life: string | null
  /** Why each of the rungs below could not help. */
  readonly spent: readonly string[]
}

export type FenceEffect =
  /** Every channel but that of this rung, which is read anyway. */
  | { readonly type: 'host.look'; readonly besides: number; readonly isOrdered: boolean }
  | { readonly type: 'rung.read'; readonly rung: number }
  | { readonly type: 'rung.spent'; readonly reason: string }
  | (GuardedAction & { readonly look: OwnLook })
