/**
 * The actions of a fence that need a look of the leader, and whether the look allows them. Pure.
 */
import { isBmcRung, rungTitle, type Rung } from '../../schema/segment-policy.ts'
import type { CertificateGround } from '../../schema/records.ts'
import type { PowerState } from '../ports/power.ts'
import type { Look } from '../verification/look.ts'

export type GuardedAction =
  | { readonly type: 'rung.off'; readonly rung: number }
  | {
      readonly type: 'certificate.save'
      readonly ground: CertificateGround
      /** null when no rung proved the death. */
      readonly rung: number | null
      /**
       * What that rung read before power off was ordered through it; null when it was not ordered.
       */
      readonly before: PowerState | null
    }

/** none: there is no recent look; awaited: the leader is looking, and then does `waiting`. */
export type OwnLook =
  | Look
  | { readonly finding: 'none' }
  | { readonly finding: 'awaited'; readonly waiting: GuardedAction | null }

interface Ladder {
  readonly rungs: readonly Rung[]
  readonly lastResort: 'operator' | 'consent' | null
}

/**
 * If the rung reads on while the look is awaited, a certificate of off that waits for the look is
 * dropped.
 */
export const unlessReadOn = (look: OwnLook, rung: number, power: PowerState): OwnLook =>
  power === 'on' &&
  look.finding === 'awaited' &&
  look.waiting?.type === 'certificate.save' &&
  look.waiting.rung === rung
    ? { ...look, waiting: null }
    : look

/**
 * A host that was cut off from its storage through this rung may still answer. Therefore its
 * certificate needs no look.
 */
export const needsLook = (action: GuardedAction, ordered: readonly number[]): boolean =>
  action.type === 'rung.off' ||
  action.ground !== 'storage-cut-off' ||
  action.rung === null ||
  !ordered.includes(action.rung)

/**
 * Names the device that reads off for a host that is seen alive, because such a device is broken.
 */
const aliveBut = (action: GuardedAction, rung: Rung | undefined, reason: string): string =>
  action.type === 'rung.off' || rung === undefined || rung.kind === 'operator'
    ? reason
    : `${reason}; ${rungTitle(rung)} reads off, which cannot be`

/** Why the action must not be done; undefined when there is no evidence of life. */
export function objectionTo(
  { rungs, lastResort }: Ladder,
  action: GuardedAction,
  look: Look,
): string | undefined {
  const rung = action.rung === null ? undefined : rungs[action.rung]
  // SSH is silent, and the host's own BMC reads off. Both are newer than a heartbeat.
  const isBmc = rung !== undefined && isBmcRung(rung)
  const isOff = action.type === 'certificate.save' && isBmc
  if (look.finding === 'beating') return isOff ? undefined : look.reason
  if (look.finding === 'alive') return aliveBut(action, rung, look.reason)
  // A refused connection together with power on is evidence of life (decision 0004), unless an
  // operator calls the host dead.
  const isOn = action.type === 'rung.off' && isBmc
  if (look.finding !== 'answers' || !isOn || lastResort === 'operator') return undefined
  return `${look.reason}; ${rungTitle(rung)} reads its power as on`
}
