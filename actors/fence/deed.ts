/** What a fence does only after a look of the leader's own, and whether that look lets it go on. Pure. */
import { rungTitle, type Rung } from '../../schema/segment-policy.ts'
import type { CertificateGround } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { PowerState } from '../ports/power.ts'
import type { Look } from '../verification/look.ts'

export type Deed =
  | { readonly type: 'rung.off'; readonly rung: number }
  | {
      readonly type: 'certificate.save'
      readonly ground: CertificateGround
      /** Null: none of them. */
      readonly rung: number | null
      /** What that rung read before it was ordered; null: it was not ordered. */
      readonly before: PowerState | null
    }

/** none: there is no look that is young enough; awaited: the leader looks, and does what is delayed then. */
export type OwnLook =
  | Look
  | { readonly finding: 'none' }
  | { readonly finding: 'awaited'; readonly delayed: Deed | null }

interface Plan {
  readonly rungs: readonly Rung[]
  readonly lastResort: 'operator' | 'consent' | null
}

/** What was cut off from its storage, through this rung, may go on answering: that contradicts nothing. */
export const needsLook = (deed: Deed, ordered: readonly number[]): boolean =>
  deed.type === 'rung.off' ||
  deed.ground !== 'storage-cut-off' ||
  deed.rung === null ||
  !ordered.includes(deed.rung)

/** Why the deed must not be done; undefined when nothing speaks for the life of the host. */
export function objectionTo(plan: Plan, deed: Deed, look: Look): string | undefined {
  const { finding, reason } = look
  const rung = deed.rung === null ? undefined : plan.rungs[deed.rung]
  switch (finding) {
    case 'alive':
      return deed.type === 'certificate.save' && rung !== undefined && rung.kind !== 'operator'
        ? `${reason}; ${rungTitle(rung)} reads off, which cannot be`
        : reason
    case 'beating': // SSH is silent, and when its own BMC reads off, a heartbeat is older than both
      return deed.type === 'certificate.save' && rung?.kind === 'bmc' ? undefined : reason
    case 'answers':
      return isOn(plan, deed, rung) ? `${reason}; its power reads on` : undefined
    case 'off':
    case 'nothing':
      return undefined
    default:
      return assertNever(finding)
  }
}

/** A refused connection is life together with power on (decision 0004), unless an operator calls the host dead. */
const isOn = ({ lastResort }: Plan, deed: Deed, rung: Rung | undefined): boolean =>
  lastResort !== 'operator' && deed.type === 'rung.off' && rung?.kind === 'bmc'
