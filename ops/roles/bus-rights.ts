/**
 * What a role may do on the bus: derived from the catalogue of messages, and what JetStream needs beside it. The permissions of the
 * accounts are made of it, and the readiness of a role is judged by it.
 */
import { FAULT_CONSUMER } from '../../actors/ports/bus.ts'
import type { ROLES } from '../../schema/config/node.ts'
import { CATALOGUE, rolesToken, type WireType } from '../../schema/messages/catalogue.ts'
import { subjectOf } from '../../schema/messages/codec.ts'
import { WEBHOOK_OBSERVER } from '../../schema/messages/observation.ts'
import { OWN_PERMISSIONS } from '../../transports/nats/account-check.ts'
import { inboxPrefixOf } from '../../transports/nats/link.ts'
import { faultStreamName, leaseStreamName, leaseSubject } from '../../transports/nats/streams.ts'

export type Role = (typeof ROLES)[number]

/** One process on the bus. */
export interface BusAccount {
  /** Of the process; of an instance-monitor, the name of its compute host. */
  readonly node: string
  readonly roles: readonly Role[]
}

export interface BusRights {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** All that the account of a process may do, and nothing else: it speaks in its own name only. */
export function rightsOf(cloud: string, account: BusAccount): BusRights {
  const { node, roles } = account
  const types = Object.keys(CATALOGUE) as WireType[] // its keys
  const said = types.filter((type) => isAmong(CATALOGUE[type].from, roles))
  const heard = types.filter((type) => isAmong(CATALOGUE[type].to, roles))
  const isEngine = roles.includes('engine')
  return {
    publish: unique([
      ...said.flatMap((type) => publishedBy(cloud, type, account)),
      ...(isEngine ? [subjectOf(cloud, 'parked', node, '>'), ...engineRights(cloud)] : []),
      ...(roles.some(readsLease) ? [leaseRead(cloud)] : []),
      OWN_PERMISSIONS,
    ]),
    subscribe: unique([
      `${inboxPrefixOf(node)}.>`,
      ...heard.map((type) => subjectOf(cloud, ...CATALOGUE[type].topic, '>')),
    ]),
  }
}

/** What an operator who only listens may do: hear all messages of the cloud, and read the faults that the stream still has. */
export const tapRights = (cloud: string, node: string): BusRights => ({
  publish: [
    ...['STREAM.INFO', 'STREAM.MSG.GET'].map((call) => `$JS.API.${call}.${faultStreamName(cloud)}`),
    `$JS.API.CONSUMER.INFO.${faultStreamName(cloud)}.${FAULT_CONSUMER}`,
  ],
  subscribe: [subjectOf(cloud, '>'), `${inboxPrefixOf(node)}.>`],
})

const isAmong = (some: readonly Role[], roles: readonly Role[]): boolean =>
  some.some((role) => roles.includes(role))

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted()

function publishedBy(
  cloud: string,
  type: WireType,
  { node, roles }: BusAccount,
): readonly string[] {
  const { topic } = CATALOGUE[type]
  switch (type) {
    case 'role.health':
      return [subjectOf(cloud, ...topic, node, rolesToken(roles))]
    case 'host.observed':
      return [
        ...(roles.includes('host-monitor') ? [node] : []),
        ...(roles.includes('gateway') ? [WEBHOOK_OBSERVER] : []),
      ].map((observer) => subjectOf(cloud, ...topic, observer, '>'))
    case 'host.heartbeat':
    case 'guests.running':
    case 'operator.commanded':
    case 'leader.proclaimed':
    case 'domains.known':
      return [subjectOf(cloud, ...topic, node)]
    default:
      return [subjectOf(cloud, ...topic, node, '>')]
  }
}

/** Streams and consumers belong to the engines: whoever may change them can delete faults. */
function engineRights(cloud: string): readonly string[] {
  const [faults, lease] = [faultStreamName(cloud), leaseStreamName(cloud)]
  const streams = [faults, lease].flatMap((stream) =>
    ['INFO', 'CREATE', 'UPDATE'].map((call) => `$JS.API.STREAM.${call}.${stream}`),
  )
  return [
    ...streams,
    `$JS.API.STREAM.PURGE.${faults}`,
    `$JS.API.CONSUMER.LIST.${faults}`,
    ...['INFO', 'CREATE', 'DURABLE.CREATE', 'MSG.NEXT'].map(
      (call) => `$JS.API.CONSUMER.${call}.${faults}.>`,
    ),
    `$JS.ACK.${faults}.>`,
    leaseSubject(cloud),
  ]
}

/** Who answers whether an engine leads asks the lease when none was heard. */
const readsLease = (role: Role): boolean => role !== 'instance-monitor' && role !== 'bridge'

const leaseRead = (cloud: string): string => `$JS.API.STREAM.MSG.GET.${leaseStreamName(cloud)}`
