/** Why a host is certainly dead, in sentences that an operator can check (design I2). */
import type { Epoch, HostId, HostName, NotificationId } from '../../schema/ids.ts'
import type { CertificateGround, DeathCertificate } from '../../schema/records.ts'
import { isoTime } from '../../schema/time.ts'

export interface Deceased {
  readonly notification: NotificationId
  readonly host: HostId
  readonly hostName: HostName
  readonly epoch: Epoch
  /** What observers and reporters said before the fence. */
  readonly evidence: readonly string[]
}

const SENTENCES: Readonly<Record<CertificateGround, string>> = {
  'already-off': 'the BMC read its power as off before we ordered anything',
  'power-off-confirmed': 'we ordered power off and the BMC read it back as off',
  consent:
    'power off could not be confirmed; the segment consents in writing to trust the report of a cluster that fences',
}

/** The certificate, its ground last among the evidence. */
export function certify(
  deceased: Deceased,
  ground: CertificateGround,
  issuedAt: number,
): DeathCertificate {
  const { notification, host, hostName, epoch, evidence } = deceased
  const sentence = `${hostName}: ${SENTENCES[ground]} (${isoTime(issuedAt)})`
  return { notification, host, epoch, issuedAt, ground, evidence: [...evidence, sentence] }
}
