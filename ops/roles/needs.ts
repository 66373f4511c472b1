/**
 * What each role needs on the bus, and which of it the servers do not allow. `/health/ready` shows
 * it.
 */
import type { BusPort, Hindrance } from '../../actors/ports/bus.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import type { ROLES } from '../../schema/config/node.ts'
import { CodedError } from '../../schema/errors.ts'
import { subjectOf } from '../../schema/messages/codec.ts'
import { isoTime } from '../../schema/time.ts'
import { covers } from '../../transports/memory/subscriptions.ts'
import { leaseSubject } from '../../transports/nats/streams.ts'

type Role = (typeof ROLES)[number]

/** One thing that a role does on the bus. */
interface Need {
  readonly operation: 'publish' | 'subscribe'
  /** The role needs all subjects that this one covers. */
  readonly subject: string
  /** What the role cannot do without this permission. */
  readonly what: string
}

/** JetStream sends its answers to an inbox. */
const ANSWERS: readonly Need[] = [
  { operation: 'subscribe', subject: '_INBOX.>', what: 'receive answers of JetStream' },
  { operation: 'publish', subject: '$JS.API.>', what: 'ask JetStream' },
]

/** What a role needs to do its work. */
function needsOf(role: Role, cloud: string): readonly Need[] {
  const publish = (what: string, ...topic: readonly string[]): Need => ({
    operation: 'publish',
    subject: subjectOf(cloud, ...topic, '>'),
    what,
  })
  const subscribe = (what: string, ...topic: readonly string[]): Need => ({
    operation: 'subscribe',
    subject: subjectOf(cloud, ...topic, '>'),
    what,
  })
  switch (role) {
    case 'engine':
      return [
        ...ANSWERS,
        { operation: 'publish', subject: leaseSubject(cloud), what: 'take the lease and lead' },
        { operation: 'publish', subject: '$JS.ACK.>', what: 'acknowledge faults' },
        subscribe('receive observations of hosts', 'observation'),
        subscribe("receive operators' commands", 'operator'),
      ]
    case 'host-monitor':
      return [
        publish('publish observations of hosts', 'observation'),
        subscribe('receive the heartbeats of hosts', 'heartbeat'),
      ]
    case 'instance-monitor':
      return [
        ...ANSWERS,
        publish('report faults of guests', 'fault', 'guest'),
        publish('send heartbeats of its host', 'heartbeat'),
      ]
    case 'gateway':
      return [
        ...ANSWERS,
        publish('hand notifications over', 'fault', 'notification'),
        publish("pass on operators' commands", 'operator'),
        subscribe('show observations of hosts', 'observation'),
      ]
    case 'bridge':
      return [
        ...ANSWERS,
        publish('pass on events of Compute', 'compute'),
        publish('report hosts that Compute calls failed', 'fault', 'host'),
        publish('report instances that Compute calls failed', 'fault', 'guest'),
      ]
  }
}

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
