/** What a reading of off proves, by its rung (promise I11). Pure. */
import type { CertificateGround } from '../../schema/records.ts'
import { isBmcRung, type Rung } from '../../schema/segment-policy.ts'
import type { PowerState } from '../ports/power.ts'
import type { Climbing } from './fence-messages.ts'

/**
 * A BMC belongs to the host and reads its power. An agent or a command is a program that may read
 * something else: it proves the death only when it has carried out our order and reads off
 * afterwards.
 */
export const isProof = (rung: Rung, isCarriedOut: boolean): boolean =>
  isBmcRung(rung) || rung.kind === 'operator' || isCarriedOut

/** What a rung read before power off was ordered through it; null when it was not ordered. */
export function beforeOrder(
  { ordered, readOn }: Pick<Climbing, 'ordered' | 'readOn'>,
  rung: number,
): PowerState | null {
  if (!ordered.includes(rung)) return null
  return readOn.includes(rung) ? 'on' : 'off'
}

/** The ground of the certificate for a reading of off through a rung. */
export function groundOf({ kind }: Rung, ordered: boolean): CertificateGround {
  if (kind === 'operator') return 'operator'
  if (kind === 'command') return 'storage-cut-off'
  return ordered ? 'power-off-confirmed' : 'already-off'
}
