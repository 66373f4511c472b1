/**
 * What each role needs on the bus, and which of it the servers do not allow. `/health/ready` shows
 * it.
 */
import type { BusPort, Hindrance } from '../../actors/ports/bus.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import { CodedError } from '../../schema/errors.ts'
import { CATALOGUE, type WireType } from '../../schema/messages/catalogue.ts'
import { subjectsOf } from '../../schema/messages/codec.ts'
import { isoTime } from '../../schema/time.ts'
import { covers } from '../../schema/messages/subject-patterns.ts'
import { leaseSubject } from '../../transports/nats/streams.ts'
import type { Role } from './bus-rights.ts'

/** One thing that a role does on the bus. */
interface Need {
  readonly operation: 'publish' | 'subscribe'
  /** The role needs all subjects that this one covers. */
  readonly subject: string
  /** What the role cannot do without this permission. */
  readonly what: string
}

/** What a role cannot do when it may not say a message, or not hear it. Messages that are only shown are not here. */
const VITAL: Partial<Record<WireType, { readonly say: string; readonly hear?: string }>> = {
  'host.observed': {
    say: 'publish observations of hosts',
    hear: 'receive observations of hosts',
  },
  'guest.failed': { say: 'report faults of guests' },
  'host.heartbeat': { say: 'send heartbeats of its host', hear: 'receive the heartbeats of hosts' },
  'guests.running': { say: 'send heartbeats of its host' },
  'notification.accepted': { say: 'hand notifications over' },
  'operator.commanded': {
    say: "pass on operators' commands",
    hear: "receive operators' commands",
  },
  'compute.event': { say: 'pass on events of Compute' },
  'host.failed': { say: 'report hosts that Compute calls failed' },
  'instance.failed': { say: 'report instances that Compute calls failed' },
}

const ANSWERS: Need = {
  operation: 'subscribe',
  subject: '_INBOX.>',
  what: 'receive answers of JetStream',
}

/** Of the streams, and of the lease. */
const engineNeeds = (cloud: string): readonly Need[] => [
  { operation: 'publish', subject: '$JS.API.>', what: 'ask JetStream' },
  { operation: 'publish', subject: leaseSubject(cloud), what: 'take the lease and lead' },
  { operation: 'publish', subject: '$JS.ACK.>', what: 'acknowledge faults' },
]

/** What a role needs to do its work. */
function needsOf(role: Role, cloud: string): readonly Need[] {
  const needs = Object.entries(VITAL).flatMap(([name, { say, hear }]): readonly Need[] => {
    const type = name as WireType // a key of the table
    const { from, to }: { readonly from: readonly Role[]; readonly to: readonly Role[] } =
      CATALOGUE[type]
    const subject = subjectsOf(cloud, type)
    return [
      ...(from.includes(role) && isOwnWork(role, type)
        ? [{ operation: 'publish', subject, what: say } as const]
        : []),
      ...(to.includes(role) && hear !== undefined
        ? [{ operation: 'subscribe', subject, what: hear } as const]
        : []),
    ]
  })
  const asks = role === 'host-monitor' ? [] : [ANSWERS]
  return [...asks, ...needs, ...(role === 'engine' ? engineNeeds(cloud) : [])]
}

/** A gateway works without its webhook, which few clouds have. */
const isOwnWork = (role: Role, type: WireType): boolean =>
  !(role === 'gateway' && type === 'host.observed')

/**
 * One check for each role, named after the role; and one check for permissions that are missing but
 * not needed, and for weaknesses of the servers.
 */
export function busChecks(
  bus: BusPort,
  cloud: string,
  roles: readonly Role[],
): readonly ReadinessCheck[] {
  const needs = new Map(roles.map((role) => [role, needsOf(role, cloud)]))
  // Another check reports that the bus is not available at all.
  const found = (): readonly Hindrance[] => (bus.connected() ? bus.hindrances() : [])
  const ofRole = roles.map((role) =>
    check(role, 'vital', () => unmet(needs.get(role) ?? [], role, found())),
  )
  const isNeeded = (hindrance: Hindrance): boolean =>
    [...needs.values()].flat().some((need) => isUnmet(need, hindrance))
  const others = check('bus-remarks', 'dispensable', () =>
    found().flatMap((hindrance) => (isNeeded(hindrance) ? [] : remark(hindrance))),
  )
  return [...ofRole, others]
}

function check(
  name: string,
  need: ReadinessCheck['need'],
  sentences: () => readonly string[],
): ReadinessCheck {
  return {
    name,
    need,
    check: async () => {
      const found = sentences()
      if (found.length > 0) throw new CodedError('NOT_READY', found.join('; '))
    },
  }
}

/** What the role cannot do, each with the reason and the time since when. */
function unmet(
  needs: readonly Need[],
  role: Role,
  hindrances: readonly Hindrance[],
): readonly string[] {
  const denied = needs.flatMap((need) =>
    hindrances
      .filter((hindrance) => isUnmet(need, hindrance))
      .map(
        (hindrance) => `cannot ${need.what} since ${isoTime(hindrance.since)}: ${whyOf(hindrance)}`,
      ),
  )
  // Streams and consumers belong to the engine: without them no fault arrives.
  const failing = role === 'engine' ? hindrances.filter(({ kind }) => kind === 'failing') : []
  return [...denied, ...failing.flatMap(remark)]
}

const isUnmet = (need: Need, hindrance: Hindrance): boolean =>
  hindrance.kind === 'denied' &&
  hindrance.operation === need.operation &&
  (hindrance.subject === need.subject ||
    covers(need.subject.split('.'), hindrance.subject.split('.')))

function remark(hindrance: Hindrance): readonly string[] {
  const since = `since ${isoTime(hindrance.since)}`
  switch (hindrance.kind) {
    case 'denied':
      return [`${whyOf(hindrance)}, ${since}`]
    case 'failing':
      return [`cannot ${hindrance.goal} ${since}: ${hindrance.reason}`]
    case 'degraded':
      return [`${hindrance.what}, ${since}`]
  }
}

const whyOf = (hindrance: Hindrance): string =>
  hindrance.kind === 'denied'
    ? `the NATS account has no permission to ${hindrance.operation} ${hindrance.operation === 'subscribe' ? 'to ' : ''}${hindrance.subject}`
    : 'it does not work'
