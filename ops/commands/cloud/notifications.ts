/** `notification …` and `move …`: reported faults, their recoveries, and the moves of instances. */
import { CodedError } from '../../../schema/errors.ts'
import type { Api, Row } from '../../client/api.ts'
import { hostNamed, hostNames, recoveryNamed, rowAt, textAt } from '../../client/names.ts'
import { field, print, printRow, printRows, time, type Column } from '../../client/output.ts'
import { withApi } from '../../client/with-api.ts'
import type { CloudRequest } from './cloud-request.ts'

const COLUMNS = [
  time('generated_time', 'time'),
  field('type'),
  field('host'),
  field('status'),
  field('message'),
  field('notification_uuid', 'uuid'),
]
const PROGRESS: Column = { title: 'progress', of: (row) => progressOf(rowAt(row, 'progress')) }
const DETAILS: readonly Column[] = [
  field('notification_uuid', 'uuid'),
  field('type'),
  field('host'),
  field('status'),
  PROGRESS,
  field('message'),
  field('payload'),
  time('generated_time', 'time'),
  field('failover_segment_uuid', 'segment'),
  time('created_at'),
  time('updated_at'),
]

const progressOf = (progress: Row): string | undefined => {
  const figures = Object.entries(progress).filter(([, value]) => typeof value === 'number')
  return figures.length === 0
    ? undefined
    : figures.map(([key, value]) => `${key.replaceAll('_', ' ')} ${String(value)}`).join(', ')
}

interface ListRequest extends CloudRequest {
  readonly status: string | undefined
  readonly type: string | undefined
  readonly host: string | undefined
  readonly since: string | undefined
  readonly limit: number | undefined
}

const LIMIT = 100

/** Prints notifications, the newest first. */
export const listNotifications = (asked: ListRequest) =>
  withApi(asked['os-cloud'], async (api) => {
    const { status, type, since, host, json, limit = LIMIT } = asked
    const source = host === undefined ? undefined : await hostNamed(api, host, undefined)
    const query = {
      status,
      type,
      'generated-since': since,
      source_host_uuid: source && textAt(source, 'uuid'),
      sort_key: 'generated_time',
      sort_dir: 'desc',
    }
    const rows = await api.list('/notifications', 'notifications', query, limit + 1)
    const shown = rows.slice(0, limit)
    printRows({
      rows: json ? shown : await withHosts(api, shown),
      columns: COLUMNS,
      empty: 'There is no such notification.',
      json,
    })
    if (rows.length > limit) {
      process.stderr.write(`There are more than ${limit}: --limit shows more of them.\n`)
    }
  })

/** Notifications name their host by its uuid only. */
async function withHosts(api: Api, rows: readonly Row[]): Promise<readonly Row[]> {
  const segments = rows.map((row) => textAt(row, 'failover_segment_uuid')).filter(Boolean)
  const names = await hostNames(api, segments)
  return rows.map((row) => {
    const uuid = textAt(row, 'source_host_uuid')
    return { ...row, host: names.get(uuid) ?? uuid }
  })
}

interface OneRecovery extends CloudRequest {
  /** A notification, or a host: its latest recovery. */
  readonly recovery: string
}

/** Prints one notification with its progress. */
export const showNotification = (asked: OneRecovery) =>
  withApi(asked['os-cloud'], async (api) => {
    const uuid = await recoveryNamed(api, asked.recovery, 'retry')
    const found = await api.get(`/notifications/${uuid}`, 'notification')
    const [row = found] = asked.json ? [found] : await withHosts(api, [found])
    printRow(row, DETAILS, asked.json)
  })

interface Report extends CloudRequest {
  readonly type: string
  readonly host: string
  readonly payload: string
  readonly time: string | undefined
}

/** Reports a fault, and prints the notification. */
export const createNotification = (asked: Report) => {
  const payload = payloadIn(asked.payload)
  return withApi(asked['os-cloud'], async (api) => {
    const notification = {
      type: asked.type,
      hostname: asked.host,
      generated_time: asked.time ?? new Date().toISOString().replace(/Z$/, ''),
      payload,
    }
    const made = await api.send('POST', '/notifications', { notification })
    const row: Row = { ...rowAt(made, 'notification'), host: asked.host }
    printRow(asked.json ? rowAt(made, 'notification') : row, DETAILS, asked.json)
  })
}

function payloadIn(text: string): Row {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object(value)
  } catch (cause) {
    throw notPayload(cause)
  }
  throw notPayload()
}

const notPayload = (cause?: unknown): CodedError =>
  new CodedError(
    'CONFIG_INVALID',
    '--payload must be one JSON object, such as {"event": "STOPPED", "host_status": "NORMAL", "cluster_status": "OFFLINE"}',
    { cause },
  )

const EVIDENCE = [time('at'), field('step'), field('kind'), field('subject'), field('detail')]

/** Prints the death certificate and the journal of a recovery. */
export const showEvidence = (asked: OneRecovery) =>
  withApi(asked['os-cloud'], async (api) => {
    const path = `/notifications/${await recoveryNamed(api, asked.recovery, 'retry')}/evidence`
    const { death_certificate: certificate } = await api.whole(path)
    const rows = await api.list(path, 'evidence')
    if (asked.json) return printRow({ death_certificate: certificate, evidence: rows }, [], true)
    const { ground, issued_at: at }: Row = Object(certificate ?? {})
    print(
      certificate === null
        ? 'There is no death certificate.'
        : `Death certificate of ${String(at)}: ${String(ground)}.`,
    )
    printRows({ rows, columns: EVIDENCE, empty: 'Nothing is written yet.', json: false })
  })

const MOVE_COLUMNS = [
  field('instance_name', 'instance'),
  field('source_host', 'source'),
  field('dest_host', 'destination'),
  field('status'),
  time('start_time', 'start'),
  time('end_time', 'end'),
  field('message'),
  field('uuid'),
]

interface MovesRequest extends CloudRequest {
  readonly recovery: string | undefined
  readonly status: string | undefined
}

/** Prints the moves of a recovery; without one, those of the instances of the own project. */
export const listMoves = (asked: MovesRequest) =>
  withApi(asked['os-cloud'], async (api) => {
    const { recovery, status, json } = asked
    const rows =
      recovery === undefined
        ? await api.list('/moves', 'moves', { status })
        : await api.list(
            `/notifications/${await recoveryNamed(api, recovery, 'retry')}/vmoves`,
            'vmoves',
            { status },
          )
    printRows({ rows, columns: MOVE_COLUMNS, empty: 'There is no such move.', json })
  })

const MOVE_DETAILS = [...MOVE_COLUMNS, field('instance_uuid'), field('attempts'), field('guest')]

/** Prints one move of a recovery. */
export const showMove = (asked: OneRecovery & { readonly move: string }) =>
  withApi(asked['os-cloud'], async (api) => {
    const path = `/notifications/${await recoveryNamed(api, asked.recovery, 'retry')}/vmoves`
    const moves = await api.list(path, 'vmoves')
    const { move } = asked
    const found = moves.find((each) =>
      [each['uuid'], each['instance_uuid'], each['instance_name']].includes(move),
    )
    if (found === undefined) {
      throw new CodedError(
        'API_REFUSED',
        `this recovery has no move of ${move}: move list shows all`,
      )
    }
    printRow(found, MOVE_DETAILS, asked.json)
  })

const INSTANCES = [field('name'), field('uuid'), field('protected'), field('reason')]

/** Prints which instances of the own project are protected. */
export const listInstances = (asked: CloudRequest) =>
  withApi(asked['os-cloud'], async (api) => {
    const rows = await api.list('/instances', 'instances')
    const empty = 'This project has no instance.'
    printRows({ rows, columns: INSTANCES, empty, json: asked.json })
  })
