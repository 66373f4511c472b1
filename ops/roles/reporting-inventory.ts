/**
 * Reports changes of segments and hosts: the requested values before the write, and the stored
 * values after it.
 */
import {
  REPORT_END,
  REPORT_START,
  type InventoryAction,
  type ReportPort,
  type ReportSubject,
} from '../../actors/ports/reports.ts'
import type { HostFields, InventoryStore } from '../../actors/ports/store.ts'
import { shownToOthers } from '../../gateway/credentials/mask.ts'
import type { Host, Segment } from '../../schema/records.ts'
import { faultOf } from './report-fault.ts'

type InventoryWrites = Pick<
  InventoryStore,
  'createSegment' | 'updateSegment' | 'deleteSegment' | 'createHost' | 'updateHost' | 'deleteHost'
>

/**
 * The writes of the inventory. The store refuses a write about a row that does not exist, and such
 * a write is not reported.
 */
export function reportingInventory(store: InventoryStore, reports: ReportPort): InventoryWrites {
  return { ...reportingSegments(store, reports), ...reportingHosts(store, reports) }
}

function reportingSegments(
  store: InventoryStore,
  reports: ReportPort,
): Pick<InventoryWrites, 'createSegment' | 'updateSegment' | 'deleteSegment'> {
  return {
    createSegment: (fields) =>
      around(reports, aboutSegment('create', fields), {
        write: () => store.createSegment(fields),
        after: (created) => aboutSegment('create', created),
      }),
    async updateSegment(id, change, frozen) {
      const write = (): Promise<Segment> => store.updateSegment(id, change, frozen)
      const before = await store.getSegment(id)
      if (before === undefined) return write()
      return around(reports, aboutSegment('update', { ...before, ...change }), {
        write,
        after: (changed) => aboutSegment('update', changed),
      })
    },
    async deleteSegment(id) {
      const write = (): Promise<void> => store.deleteSegment(id)
      const before = await store.getSegment(id)
      if (before === undefined) return write()
      const subject = aboutSegment('delete', before)
      return around(reports, subject, { write, after: () => subject })
    },
  }
}

function reportingHosts(
  store: InventoryStore,
  reports: ReportPort,
): Pick<InventoryWrites, 'createHost' | 'updateHost' | 'deleteHost'> {
  return {
    async createHost(segmentId, fields) {
      const write = (): Promise<Host> => store.createHost(segmentId, fields)
      const segment = await store.getSegment(segmentId)
      if (segment === undefined) return write()
      return around(reports, aboutHost('create', fields, segment), {
        write,
        after: (created) => aboutHost('create', created, segment),
      })
    },
    async updateHost(segmentId, id, change, frozen) {
      const write = (): Promise<Host> => store.updateHost(segmentId, id, change, frozen)
      const segment = await store.getSegment(segmentId)
      const before = await store.getHost(segmentId, id)
      if (segment === undefined || before === undefined) return write()
      return around(reports, aboutHost('update', { ...before, ...change }, segment), {
        write,
        after: (changed) => aboutHost('update', changed, segment),
      })
    },
    async deleteHost(segmentId, id) {
      const write = (): Promise<void> => store.deleteHost(segmentId, id)
      const segment = await store.getSegment(segmentId)
      const before = await store.getHost(segmentId, id)
      if (segment === undefined || before === undefined) return write()
      const subject = aboutHost('delete', before, segment)
      return around(reports, subject, { write, after: () => subject })
    },
  }
}

async function around<Answer>(
  reports: ReportPort,
  wanted: ReportSubject,
  {
    write,
    after,
  }: {
    readonly write: () => Promise<Answer>
    readonly after: (answer: Answer) => ReportSubject
  },
): Promise<Answer> {
  reports.report(wanted, REPORT_START)
  try {
    const answer = await write()
    reports.report(after(answer), REPORT_END)
    return answer
  } catch (error) {
    reports.report(wanted, { kind: 'error', fault: faultOf(error) })
    throw error
  }
}

const aboutSegment = (
  action: InventoryAction,
  segment: (ReportSubject & { readonly kind: 'segment' })['segment'],
): ReportSubject => ({ kind: 'segment', action, segment })

const aboutHost = (
  action: InventoryAction,
  host: HostFields | Host,
  segment: Segment,
): ReportSubject => {
  const controlAttributes = shownToOthers(host.controlAttributes)
  return { kind: 'host', action, host: { ...host, controlAttributes }, segment }
}
