/** Messages, states and effects of a fence. */
import type { CertificateGround, DeathCertificate } from '../../schema/records.ts'
import type { Rung } from '../../schema/segment-policy.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { PowerState } from '../ports/power.ts'
import type { Look } from '../verification/look.ts'
import type { GuardedAction, OwnLook } from './guarded-action.ts'
import type { Deceased } from './death-certificate.ts'

/** The replies of a fence to its segment. */
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
  /** The fence plan, with the first rung first. */
  readonly rungs: readonly Rung[]
  /** What replaces a confirmed power-off when all rungs have failed; null when nothing may. */
  readonly lastResort: Extract<CertificateGround, 'operator' | 'consent'> | null
  readonly replyTo: ActorRef<FenceReply>
}

/** Milliseconds. */
export interface FenceTiming {
  /** The pause after the first failure. It doubles with each further one. */
  readonly retryMs: number
  /**
   * The pause between an order and its reading back, and between two checks for an operator
   * command.
   */
  readonly verifyMs: number
}

/** Every answer names its rung, so that a late answer is not taken for one of another rung. */
export type FenceMessage =
  | { readonly type: 'fence.begin' }
  | { readonly type: 'fence.abandon'; readonly reason: string } // evidence of life
  | { readonly type: 'fence.forbid'; readonly reason: string } // an operator command
  | { readonly type: 'fence.looked'; readonly look: Look } // private
  | { readonly type: 'fence.look-expired' } // private: our own timer
  | { readonly type: 'fence.power-read'; readonly rung: number; readonly power: PowerState } // private
  | { readonly type: 'fence.power-off-ordered'; readonly rung: number } // private
  | FenceFailure // private
  | { readonly type: 'fence.forbidden'; readonly reason: string } // private: the store does not allow the intent
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
  /** What the leader itself sees of the host. Nothing irreversible is done without a look. */
  readonly look: OwnLook
  /** Index of the present rung. */
  readonly rung: number
  /** Rungs through which power off was ordered. After the first order, the fence cannot go back. */
  readonly ordered: readonly number[]
  /**
   * Those of them that reported the order as carried out. An agent or a command is believed only
   * then.
   */
  readonly carriedOut: readonly number[]
  /** Those of them that read on before the order, so that they do not read off in every case. */
  readonly readOn: readonly number[]
  /** Failures on this rung. */
  readonly failures: number
  readonly lastFailure: string
  /** Evidence of life since the first order; null when there is none. */
  readonly life: string | null
  /** Why each earlier rung failed. */
  readonly spent: readonly string[]
}

export type FenceEffect =
  /** Looks at the host on every channel except the channel of this rung, which is read anyway. */
  | { readonly type: 'host.look'; readonly besides: number; readonly isOrdered: boolean }
  | { readonly type: 'rung.read'; readonly rung: number }
  | { readonly type: 'rung.spent'; readonly reason: string }
  | (GuardedAction & { readonly look: OwnLook })
