/** Why a host is certainly dead, in sentences that an operator can check (promise I2). */
import type { Epoch, HostId, HostName, NotificationId } from '../../schema/ids.ts'
import type { CertificateGround, DeathCertificate } from '../../schema/records.ts'
import type { PowerState } from '../ports/power.ts'
import { isoTime } from '../../schema/time.ts'

export interface Deceased {
  readonly notification: NotificationId
  readonly host: HostId
  readonly hostName: HostName
  readonly epoch: Epoch
  /** What observers and reporters said before the fence. */
  readonly evidence: readonly string[]
}

export interface Proof {
  readonly ground: CertificateGround
  /** The device that read the state back, or the operator who confirmed it. */
  readonly witness: string
  /**
   * What the witness read before power off was ordered through it; null when nothing was ordered.
   * `on` is the stronger evidence.
   */
  readonly before: PowerState | null
  readonly issuedAt: number
}

const SENTENCES: Readonly<Record<CertificateGround, (witness: string, before: string) => string>> =
  {
    'already-off': (witness) => `${witness} read its power as off before we ordered anything`,
    'power-off-confirmed': (witness, before) =>
      `we ordered power off and ${witness}${before} read it back as off`,
    'storage-cut-off': (witness, before) =>
      `we ordered it and ${witness}${before} confirms that it is cut off from its storage`,
    operator: (witness) => `an operator confirms that it is dead: ${witness}`,
    consent: () =>
      'power off could not be confirmed; the segment consents in writing to trust the report of a cluster that fences',
  }

const BEFORE: Readonly<Record<PowerState, string>> = {
  on: ', which had read on before,',
  off: ', which had read off before the order already,',
}

/** The certificate. The sentence about its ground is the last one of the evidence. */
export function certify(
  deceased: Deceased,
  { ground, witness, before, issuedAt }: Proof,
): DeathCertificate {
  const { notification, host, hostName, epoch, evidence } = deceased
  const sentence = `${hostName}: ${SENTENCES[ground](witness, before === null ? '' : BEFORE[before])} (${isoTime(issuedAt)})`
  return { notification, host, epoch, issuedAt, ground, evidence: [...evidence, sentence] }
}
