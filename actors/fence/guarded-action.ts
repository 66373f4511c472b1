/** What a fence does only after a look of the leader's own, and whether that look lets it go on. Pure. */
import { isBmcRung, rungTitle, type Rung } from '../../schema/segment-policy.ts'
import type { CertificateGround } from '../../schema/records.ts'
import type { PowerState } from '../ports/power.ts'
import type { Look } from '../verification/look.ts'

export type GuardedAction =
  | { readonly type: 'rung.off'; readonly rung: number }
  | {
      readonly type: 'certificate.save'
      readonly ground: CertificateGround
      /** Null: none of them. */
      readonly rung: number | null
      /** What that rung read before it was ordered; null: it was not ordered. */
      readonly before: PowerState | null
    }

/** none: there is no look that is young enough; awaited: the leader looks, and does this then. */
export type OwnLook =
  | Look
  | { readonly finding: 'none' }
  | { readonly finding: 'awaited'; readonly waiting: GuardedAction | null }

interface Plan {
  readonly rungs: readonly Rung[]
  readonly lastResort: 'operator' | 'consent' | null
}

/** What is read as on meanwhile is not certified as off after the look. */
export const unlessReadOn = (look: OwnLook, rung: number, power: PowerState): OwnLook =>
  power === 'on' &&
  look.finding === 'awaited' &&
  look.waiting?.type === 'certificate.save' &&
  look.waiting.rung === rung
    ? { ...look, waiting: null }
    : look

/** What was cut off from its storage, through this rung, may go on answering: that contradicts nothing. */
export const needsLook = (action: GuardedAction, ordered: readonly number[]): boolean =>
  action.type === 'rung.off' ||
  action.ground !== 'storage-cut-off' ||
  action.rung === null ||
  !ordered.includes(action.rung)

/** A device that reads off for a host that is seen alive is broken, and is named. */
const aliveBut = (action: GuardedAction, rung: Rung | undefined, reason: string): string =>
  action.type === 'rung.off' || rung === undefined || rung.kind === 'operator'
    ? reason
    : `${reason}; ${rungTitle(rung)} reads off, which cannot be`

/** Why the action must not be done; undefined when nothing speaks for the life of the host. */
export function objectionTo(
  { rungs, lastResort }: Plan,
  action: GuardedAction,
  look: Look,
): string | undefined {
  const rung = action.rung === null ? undefined : rungs[action.rung]
  // SSH is silent, and its own BMC reads off: a heartbeat is older than both.
  const isBmc = rung !== undefined && isBmcRung(rung)
  const isOff = action.type === 'certificate.save' && isBmc
  if (look.finding === 'beating') return isOff ? undefined : look.reason
  if (look.finding === 'alive') return aliveBut(action, rung, look.reason)
  // A refused connection is life together with power on (decision 0004), unless an operator calls the host dead.
  const isOn = action.type === 'rung.off' && isBmc
  if (look.finding !== 'answers' || !isOn || lastResort === 'operator') return undefined
  return `${look.reason}; ${rungTitle(rung)} reads its power as on`
}
