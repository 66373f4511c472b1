/** A host's fault supersedes those of its guests and of its nova-compute. Pure. */
import type { Host } from '../../schema/records.ts'
import { ignored, type Decision, type Situation } from './decision.ts'

/**
 * Once the host is certainly dead, its own recovery sees to everything on it. Until then nobody knows whether it is, so a
 * smaller fault waits: if the host turns out to be alive, it still counts.
 */
export function superseded({ snapshot }: Situation, { maintenanceBy }: Host): Decision | undefined {
  const holder = maintenanceBy && { notification: maintenanceBy, certified: false }
  const hostFault = snapshot.hostFault ?? holder
  if (hostFault === null) return undefined
  return hostFault.certified
    ? ignored(`superseded by the fault of its host, recovery ${hostFault.notification}`)
    : {
        kind: 'hold',
        behind: hostFault.notification,
        reason: `its host is reported dead: recovery ${hostFault.notification} comes first`,
      }
}
