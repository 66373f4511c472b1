/** What a reading of off proves, by the rung that it comes from (promise I11). Pure. */
import type { CertificateGround } from '../../schema/records.ts'
import { isBmcRung, type Rung } from '../../schema/segment-policy.ts'
import type { PowerState } from '../ports/power.ts'
import type { Climbing } from './fence-messages.ts'

/**
 * A BMC is the host's own, and reads its power. An agent or a command is a program that reads what somebody wrote it to read:
 * it has to have carried out an order of ours, and to read off after it.
 */
export const isProof = (rung: Rung, isCarriedOut: boolean): boolean =>
  isBmcRung(rung) || rung.kind === 'operator' || isCarriedOut

/** What a rung read before it was ordered; null: it was not ordered. */
export function beforeOrder(
  { ordered, readOn }: Pick<Climbing, 'ordered' | 'readOn'>,
  rung: number,
): PowerState | null {
  if (!ordered.includes(rung)) return null
  return readOn.includes(rung) ? 'on' : 'off'
}

/** What off, read through a rung, is a certificate of. */
export function groundOf({ kind }: Rung, ordered: boolean): CertificateGround {
  if (kind === 'operator') return 'operator'
  if (kind === 'command') return 'storage-cut-off'
  return ordered ? 'power-off-confirmed' : 'already-off'
}
