/** Which incidents have an unfinished report about their host, and whether its reporter is sure. Pure. */
import type { HostId } from '../../schema/ids.ts'
import type { Notification } from '../../schema/records.ts'
import type { UnfinishedRecovery } from '../ports/store.ts'
import type { Incident } from './incident.ts'

/** The incidents with what is unfinished now. */
export function withOpen(
  incidents: ReadonlyMap<HostId, Incident>,
  unfinished: readonly UnfinishedRecovery[],
): ReadonlyMap<HostId, Incident> {
  const reports = unfinished
    .map(({ notification }) => notification)
    .filter(({ type }) => type === 'COMPUTE_HOST')
  // Of several reports about one host, one that is sure counts.
  const open = new Map(
    [...reports.filter(isUnsure), ...reports.filter((report) => !isUnsure(report))].map(
      (report) => [report.sourceHost, { open: report.uuid, unsure: isUnsure(report) }] as const,
    ),
  )
  const changed = [...incidents.values()].filter((incident) => {
    const now = open.get(incident.host) ?? NOTHING_OPEN
    return incident.open !== now.open || incident.unsure !== now.unsure
  })
  if (changed.length === 0) return incidents
  const next = new Map(incidents)
  for (const incident of changed) {
    next.set(incident.host, { ...incident, ...(open.get(incident.host) ?? NOTHING_OPEN) })
  }
  return next
}

const NOTHING_OPEN = { open: null, unsure: false } as const

const isUnsure = ({ payload, status }: Notification): boolean =>
  status === 'new' && payload['event'] === 'STOPPED' && payload['host_status'] !== 'NORMAL'
