/** Finds what an operator means by a name. The API knows most things by their uuid only. */
import { CodedError } from '../../schema/errors.ts'
import { isUuid } from '../../schema/ids.ts'
import { adviceFor, shownName } from '../../schema/nearest-name.ts'
import { UNFINISHED_STATUSES } from '../../schema/records.ts'
import type { Api, Row } from './api.ts'

export const textAt = (row: Row, key: string): string => {
  const value = row[key]
  return typeof value === 'string' ? value : ''
}

export const rowAt = (row: Row, key: string): Row => Object(row[key] ?? {})

const missing = (text: string): CodedError => new CodedError('API_REFUSED', text)

/** Names that advice may list. */
const NAMES_MAX = 20

/** A segment by name or uuid. */
export async function segmentNamed(api: Api, named: string): Promise<Row> {
  const segments = await api.list('/segments', 'segments')
  const found = segments.find(
    (each) => each['name'] === named || each['uuid'] === named.toLowerCase(),
  )
  if (found !== undefined) return found
  throw missing(`there is no segment ${shownName(named)}; ${advice(named, segments)}`)
}

const advice = (named: string, rows: readonly Row[]): string =>
  rows.length === 0
    ? 'there is none at all'
    : adviceFor(
        named,
        rows.slice(0, NAMES_MAX).map((each) => textAt(each, 'name')),
      )

export const hostsPath = (segment: Row): string => `/segments/${textAt(segment, 'uuid')}/hosts`

/** A host by name or uuid, in one segment or in all of them. */
export async function hostNamed(
  api: Api,
  named: string,
  segment: string | undefined,
): Promise<Row> {
  const segments =
    segment === undefined
      ? await api.list('/segments', 'segments')
      : [await segmentNamed(api, segment)]
  for (const each of segments) {
    const query = isUuid(named) ? {} : { name: named }
    const hosts = await api.list(hostsPath(each), 'hosts', query)
    const found = hosts.find(
      (host) => host['name'] === named || host['uuid'] === named.toLowerCase(),
    )
    if (found !== undefined) return found
  }
  const where = segment === undefined ? 'any segment' : `the segment ${shownName(segment)}`
  throw missing(`there is no host ${shownName(named)} in ${where}: instance-ha host list shows all`)
}

/** The recoveries of a host that are looked at, the newest first. */
const RECENT = 50

/**
 * The uuid of the recovery that a command is about: given itself, or the unfinished one of a host, or the one that keeps the
 * host out of service. `retry` is about the latest one.
 */
export async function recoveryNamed(api: Api, named: string, kind: string): Promise<string> {
  if (isUuid(named)) return named.toLowerCase()
  const host = await hostNamed(api, named, undefined)
  const recent = await api.list(
    '/notifications',
    'notifications',
    {
      type: 'COMPUTE_HOST',
      source_host_uuid: textAt(host, 'uuid'),
      sort_key: 'created_at',
      sort_dir: 'desc',
    },
    RECENT,
  )
  const found =
    kind === 'retry'
      ? recent[0]
      : recent.find(({ status }) => UNFINISHED_STATUSES.some((each) => each === status))
  const holding = textAt(rowAt(host, 'maintenance'), 'notification_uuid')
  const uuid = found === undefined ? holding : textAt(found, 'notification_uuid')
  if (uuid !== '') return uuid
  throw missing(`there is no recovery of ${shownName(named)} that ${kind} could be about`)
}

/** The names of the hosts in these segments; nothing of those that the caller may not see. */
export async function hostNames(
  api: Api,
  segments: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  for (const segment of new Set(segments)) {
    try {
      for (const host of await api.list(`/segments/${segment}/hosts`, 'hosts')) {
        names.set(textAt(host, 'uuid'), textAt(host, 'name'))
      }
    } catch (error) {
      // The segment is deleted, or not for this caller: then its hosts are shown by uuid.
      if (!(error instanceof CodedError && error.code === 'API_REFUSED')) throw error
    }
  }
  return names
}
