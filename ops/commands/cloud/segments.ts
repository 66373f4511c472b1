/** `segment …`: the failover segments of a cloud. */
import type { Row } from '../../client/api.ts'
import { segmentNamed, textAt } from '../../client/names.ts'
import { field, print, printRow, printRows, time } from '../../client/output.ts'
import { withApi } from '../../client/with-api.ts'
import { requireChange, type CloudRequest } from './cloud-request.ts'

const COLUMNS = [
  field('name'),
  field('uuid'),
  field('recovery_method'),
  field('enabled'),
  field('service_type'),
  field('description'),
]
const DETAILS = [...COLUMNS, time('created_at'), time('updated_at')]

/** Prints all segments. */
export const listSegments = (asked: CloudRequest & { readonly method: string | undefined }) =>
  withApi(asked['os-cloud'], async (api) => {
    const rows = await api.list('/segments', 'segments', {
      recovery_method: asked.method,
      sort_key: 'name',
      sort_dir: 'asc',
    })
    printRows({ rows, columns: COLUMNS, empty: 'There is no segment.', json: asked.json })
  })

/** Prints one segment. */
export const showSegment = (asked: CloudRequest & { readonly segment: string }) =>
  withApi(asked['os-cloud'], async (api) =>
    printRow(await segmentNamed(api, asked.segment), DETAILS, asked.json),
  )

interface NewSegment extends CloudRequest {
  readonly name: string
  readonly method: string
  readonly 'service-type': string | undefined
  readonly description: string | undefined
  readonly disabled: boolean
}

/** Makes a segment, and prints it. */
export const createSegment = (asked: NewSegment) =>
  withApi(asked['os-cloud'], async (api) => {
    const segment = {
      name: asked.name,
      recovery_method: asked.method,
      service_type: asked['service-type'] ?? 'compute',
      ...(asked.description === undefined ? {} : { description: asked.description }),
      enabled: !asked.disabled,
    }
    const made = await api.send('POST', '/segments', { segment })
    printRow(Object(made['segment']), DETAILS, asked.json)
  })

interface SegmentChange extends CloudRequest {
  readonly segment: string
  readonly name: string | undefined
  readonly method: string | undefined
  readonly description: string | undefined
  readonly enabled: string | undefined
}

/** Changes a segment, and prints it. */
export const setSegment = (asked: SegmentChange) => {
  const { name, method, description, enabled } = asked
  const segment: Row = {
    ...(name === undefined ? {} : { name }),
    ...(method === undefined ? {} : { recovery_method: method }),
    ...(description === undefined ? {} : { description }),
    ...(enabled === undefined ? {} : { enabled: enabled === 'yes' }),
  }
  requireChange(segment, '--name, --method, --description or --enabled')
  return withApi(asked['os-cloud'], async (api) => {
    const found = await segmentNamed(api, asked.segment)
    const changed = await api.send('PUT', `/segments/${textAt(found, 'uuid')}`, { segment })
    printRow(Object(changed['segment']), DETAILS, asked.json)
  })
}

/** Deletes a segment with its hosts. */
export const deleteSegment = (
  asked: Pick<CloudRequest, 'os-cloud'> & { readonly segment: string },
) =>
  withApi(asked['os-cloud'], async (api) => {
    const found = await segmentNamed(api, asked.segment)
    await api.delete(`/segments/${textAt(found, 'uuid')}`)
    print(`deleted the segment ${textAt(found, 'name')}`)
  })
