/** `host …` and `plan`: the hosts of segments, and what would happen if one died now. */
import { readFileSync } from 'node:fs'
import { CodedError, describeError } from '../../../schema/errors.ts'
import type { Api, Row } from '../../client/api.ts'
import { hostNamed, hostsPath, rowAt, segmentNamed, textAt } from '../../client/names.ts'
import { field, print, printRow, printRows, time, type Column } from '../../client/output.ts'
import { withApi } from '../../client/with-api.ts'
import { requireChange, type CloudRequest } from './cloud-request.ts'

const SEGMENT: Column = {
  title: 'segment',
  of: (row) => rowAt(row, 'failover_segment')['name'],
}
const STATE: Column = { title: 'state', of: (row) => rowAt(row, 'observed')['state'] }
const MAINTENANCE: Column = {
  title: 'maintenance',
  of: (row) =>
    row['on_maintenance'] === true ? (rowAt(row, 'maintenance')['reason'] ?? true) : false,
}
const COLUMNS = [field('name'), SEGMENT, STATE, field('reserved'), MAINTENANCE, field('uuid')]
const DETAILS: readonly Column[] = [
  ...COLUMNS,
  { title: 'released by', of: (row) => rowAt(row, 'maintenance')['released_by'] },
  {
    title: 'seen by',
    of: (row) => {
      const observers = rowAt(row, 'observed')['observers']
      return Array.isArray(observers)
        ? observers.map((each: Row) => `${textAt(each, 'observer')}: ${textAt(each, 'state')}`)
        : undefined
    },
  },
  field('type'),
  field('control_attributes'),
  field('failure_domains'),
  time('created_at'),
  time('updated_at'),
]

/** Prints the hosts of a segment, or of all. */
export const listHosts = (asked: CloudRequest & { readonly segment: string | undefined }) =>
  withApi(asked['os-cloud'], async (api) => {
    const segments =
      asked.segment === undefined
        ? await api.list('/segments', 'segments', { sort_key: 'name', sort_dir: 'asc' })
        : [await segmentNamed(api, asked.segment)]
    const rows: Row[] = []
    for (const segment of segments) {
      const order = { sort_key: 'name', sort_dir: 'asc' }
      rows.push(...(await api.list(hostsPath(segment), 'hosts', order)))
    }
    printRows({ rows, columns: COLUMNS, empty: 'There is no host.', json: asked.json })
  })

interface OneHost {
  readonly host: string
  readonly segment: string | undefined
}

/** Prints one host. */
export const showHost = (asked: CloudRequest & OneHost) =>
  withApi(asked['os-cloud'], async (api) =>
    printRow(await hostNamed(api, asked.host, asked.segment), DETAILS, asked.json),
  )

interface NewHost extends CloudRequest {
  readonly segment: string
  readonly host: string
  readonly 'control-attributes': string
  readonly type: string | undefined
  readonly reserved: boolean
}

/** Registers a host, and prints it. */
export const createHost = (asked: NewHost) => {
  const attributes = attributesIn(asked['control-attributes'])
  return withApi(asked['os-cloud'], async (api) => {
    const host = {
      name: asked.host,
      type: asked.type ?? 'COMPUTE',
      control_attributes: attributes,
      reserved: asked.reserved,
    }
    const segment = await segmentNamed(api, asked.segment)
    const made = await api.send('POST', hostsPath(segment), { host })
    printRow(Object(made['host']), DETAILS, asked.json)
  })
}

interface HostChange extends CloudRequest, OneHost {
  readonly 'control-attributes': string | undefined
  readonly reserved: string | undefined
  readonly maintenance: string | undefined
}

/** Changes a host, and prints it. */
export const setHost = (asked: HostChange) => {
  const { 'control-attributes': file, reserved, maintenance } = asked
  const host: Row = {
    ...(file === undefined ? {} : { control_attributes: attributesIn(file) }),
    ...(reserved === undefined ? {} : { reserved: reserved === 'yes' }),
    ...(maintenance === undefined ? {} : { on_maintenance: maintenance === 'yes' }),
  }
  requireChange(host, '--control-attributes, --reserved or --maintenance')
  return withApi(asked['os-cloud'], async (api) => {
    const changed = await api.send('PUT', await pathOf(api, asked), { host })
    printRow(Object(changed['host']), DETAILS, asked.json)
  })
}

/** Removes a host from its segment. */
export const deleteHost = (asked: Pick<CloudRequest, 'os-cloud'> & OneHost) =>
  withApi(asked['os-cloud'], async (api) => {
    await api.delete(await pathOf(api, asked))
    print(`deleted the host ${asked.host}`)
  })

async function pathOf(api: Api, { host, segment }: OneHost): Promise<string> {
  const found = await hostNamed(api, host, segment)
  return `/segments/${textAt(found, 'failover_segment_id')}/hosts/${textAt(found, 'uuid')}`
}

/**
 * Settings have passwords, so they come from a file or from the standard input, never from an argument. CONFIG_INVALID when
 * they are no JSON object.
 */
function attributesIn(file: string): string {
  const named = file === '-' ? 'the standard input' : file
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8').trim()
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `${named} cannot be read: ${describeError(cause)}`, {
      cause,
    })
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text
  } catch {
    throw notAnObject(named) // the text of the parser would quote the settings
  }
  throw notAnObject(named)
}

const notAnObject = (named: string): CodedError =>
  new CodedError(
    'CONFIG_INVALID',
    `${named} must hold one JSON object, such as {"ssh": {"host": "10.0.0.3", "username": "ha"}}`,
  )

const PLAN_COLUMNS = [
  field('name', 'instance'),
  field('fate'),
  field('target'),
  field('reason'),
  field('uuid'),
]

/** Prints what would happen if the host died now. */
export const planHost = (asked: CloudRequest & OneHost) =>
  withApi(asked['os-cloud'], async (api) => {
    const plan = await api.get(`${await pathOf(api, asked)}/plan`, 'plan')
    const { decision, reason, instances } = plan
    if (asked.json) return printRow(plan, [], true)
    print(sentenceAbout(asked.host, decision, reason))
    const rows: readonly Row[] = Array.isArray(instances) ? instances : []
    printRows({ rows, columns: PLAN_COLUMNS, empty: 'It has no instance.', json: false })
  })

const DECISIONS: Readonly<Record<string, string>> = {
  act: 'would be fenced, and its instances would be moved',
  hold: 'would be held',
  leave: 'would be left alone',
}

const sentenceAbout = (host: string, decision: unknown, reason: unknown): string =>
  `If ${host} died now, it ${DECISIONS[String(decision)] ?? String(decision)}${typeof reason === 'string' ? `: ${reason}` : '.'}`
