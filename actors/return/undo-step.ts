/** What is done about one change in the ledger: undone, kept for now, or closed because somebody else undid it. Pure. */
import type { Aggregate, ComputeService } from '../ports/compute.ts'
import type { OpenChange } from '../ports/ledger.ts'

export type UndoStep =
  | { readonly kind: 'keep' }
  | { readonly kind: 'reserve' }
  | { readonly kind: 'disable'; readonly service: string }
  | { readonly kind: 'leave-aggregate' }
  | { readonly kind: 'enable'; readonly service: string }
  | { readonly kind: 'close'; readonly outcome: string }

export interface UndoFacts {
  readonly change: OpenChange
  /** All of them. */
  readonly changes: readonly OpenChange[]
  /** Instances on the spare. */
  readonly instances: number
  readonly service: ComputeService | undefined
  readonly aggregates: readonly Aggregate[]
  /** Whether its nova-compute has written to Nova since the last look. */
  readonly beats: boolean
}

const KEEP: UndoStep = { kind: 'keep' }

/** Only what is still as we left it is changed back, and only once nobody needs it. */
export function nextUndoStep(facts: UndoFacts): UndoStep {
  const { change } = facts
  if (!change.recoveryEnded || change.host.onMaintenance) return KEEP
  if (change.kind === 'process') return aboutProcess(facts)
  if (change.state === 'undoing') return aboutReturnedSpare(facts)
  if (change.kind === 'aggregate' && !isDue(facts)) return KEEP
  if (isNeededByLater(facts)) return HANDED_OVER
  return change.kind === 'aggregate' ? aboutAggregate(facts) : aboutTakenSpare(facts)
}

/** Nova calls a service up for a minute after its last heartbeat, so another one must be seen. */
function aboutProcess({ change, service, beats }: UndoFacts): UndoStep {
  if (service === undefined) return KEEP
  if (!service.disabled) return { kind: 'close', outcome: 'it is enabled again' }
  if (service.disabledReason !== change.subject) {
    return { kind: 'close', outcome: 'somebody else has disabled it since' }
  }
  return service.up && beats ? { kind: 'enable', service: service.id } : KEEP
}

/** Another recovery uses the same spare, or its being in the same aggregate: it undoes that in its turn. */
const isNeededByLater = ({ change, changes }: UndoFacts): boolean =>
  changes.some(
    (other) =>
      other.id > change.id &&
      other.state === 'open' &&
      other.kind === change.kind &&
      other.subject === change.subject &&
      isOfSameSpare(other, change),
  )

const HANDED_OVER: UndoStep = { kind: 'close', outcome: 'another recovery needs it' }

/** A spare is given back when nothing landed on it, or when what landed is gone again. */
const aboutTakenSpare = ({ instances, service }: UndoFacts): UndoStep =>
  instances > 0 || service === undefined || service.forcedDown ? KEEP : { kind: 'reserve' }

function aboutReturnedSpare({ change, changes, service }: UndoFacts): UndoStep {
  if (changes.some((other) => other.kind === 'aggregate' && isOfSameSpare(other, change))) {
    return KEEP // until it has left them
  }
  if (service === undefined || service.disabled) return { kind: 'close', outcome: 'reserved again' }
  return { kind: 'disable', service: service.id }
}

function aboutAggregate({ change, aggregates }: UndoFacts): UndoStep {
  const aggregate = aggregates.find(({ id }) => id === change.subject)
  if (aggregate === undefined)
    return { kind: 'close', outcome: 'there is no such aggregate any more' }
  return aggregate.hosts.includes(change.host.name)
    ? { kind: 'leave-aggregate' }
    : { kind: 'close', outcome: 'it is not in it any more' }
}

/** Once the failed host is back, or nothing is left that stands in for it. */
const isDue = ({ change, changes }: UndoFacts): boolean =>
  change.failedHostIsBack ||
  !changes.some(
    (other) => other.kind === 'spare' && other.state === 'open' && isOfSameSpare(other, change),
  )

const isOfSameSpare = (one: OpenChange, other: OpenChange): boolean =>
  one.host.uuid === other.host.uuid
