/** Reports that the bus has not accepted yet: which one is sent when, and which one is not true any more. Pure. */
import type { InstanceId } from '../../schema/ids.ts'
import type { SpooledFault } from '../ports/fault-spool.ts'

/** More guests than a host runs. When the outbox is full, it drops the oldest report. */
const REPORTS_MAX = 500
/** Reports that are on their way at once. */
const SENT_MAX = 8
/** An older report says nothing about the present state of a guest, ms. */
const AGE_MS_MAX = 3_600_000

interface Waiting {
  readonly fault: SpooledFault
  readonly isSent: boolean
}

/** By id, oldest first. */
export type Outbox = ReadonlyMap<string, Waiting>

export const EMPTY_OUTBOX: Outbox = new Map()

interface Change {
  readonly outbox: Outbox
  /** No longer in it, and not sent. */
  readonly dropped: readonly SpooledFault[]
}

const without = (outbox: Outbox, isDropped: (waiting: Waiting) => boolean): Change => {
  const dropped = [...outbox.values()].filter(isDropped).map(({ fault }) => fault)
  const gone = new Set(dropped.map(({ id }) => id))
  return { outbox: new Map([...outbox].filter(([id]) => !gone.has(id))), dropped }
}

/** A fault that waits already is not added a second time. */
export function added(outbox: Outbox, fault: SpooledFault): Change {
  const isThere = [...outbox.values()].some(
    ({ fault: other }) =>
      other.id === fault.id ||
      (other.instance === fault.instance &&
        other.event === fault.event &&
        other.domainEvent === fault.domainEvent),
  )
  if (isThere) return { outbox, dropped: [] }
  const all = new Map(outbox).set(fault.id, { fault, isSent: false })
  const [oldest] = all.keys()
  return all.size > REPORTS_MAX
    ? without(all, ({ fault: { id } }) => id === oldest)
    : { outbox: all, dropped: [] }
}

/** The next reports to send, which are on their way then. */
export function sendable(outbox: Outbox): {
  readonly outbox: Outbox
  readonly faults: readonly SpooledFault[]
} {
  const waiting = [...outbox.values()]
  const free = SENT_MAX - waiting.filter(({ isSent }) => isSent).length
  const faults = waiting
    .filter(({ isSent }) => !isSent)
    .slice(0, Math.max(0, free))
    .map(({ fault }) => fault)
  const next = new Map(outbox)
  for (const fault of faults) next.set(fault.id, { fault, isSent: true })
  return { outbox: next, faults }
}

/** The bus has accepted the report. */
export const taken = (outbox: Outbox, id: string): Outbox =>
  without(outbox, ({ fault }) => fault.id === id).outbox

/** The bus did not accept the report: it waits again, unless it is too old now. */
export function refused(outbox: Outbox, id: string, wallMs: number): Change {
  const waiting = outbox.get(id)
  if (waiting === undefined) return { outbox, dropped: [] }
  const back = new Map(outbox).set(id, { ...waiting, isSent: false })
  return without(back, ({ fault }) => fault.id === id && isOld(fault, wallMs))
}

export const isOld = ({ foundAt }: SpooledFault, wallMs: number): boolean =>
  wallMs - foundAt > AGE_MS_MAX

/** The guest runs or answers: reports that say the opposite are withdrawn. */
export const refuted = (outbox: Outbox, instance: InstanceId, seen: 'runs' | 'answers'): Change =>
  without(
    outbox,
    ({ fault, isSent }) =>
      !isSent &&
      fault.instance === instance &&
      (fault.gravity === 'stopped' || (seen === 'answers' && fault.gravity === 'hung')),
  )
