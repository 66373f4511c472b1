/**
 * Append-only list of all wire messages: name, schema, who says it to whom, and the subject that each is sent on. The permissions of
 * the roles on the bus are derived from it.
 */
import type { Static, TSchema } from 'typebox'
import type { ROLES } from '../config/node.ts'
import { DomainsKnown } from './domains.ts'
import {
  ComputeEvent,
  HostFailed,
  InstanceFailed,
  NotificationAccepted,
  OperatorCommanded,
} from './incident.ts'
import { LeaderProclaimed, RoleHealth } from './leadership.ts'
import { GuestFailed, GuestsRunning, HostHeartbeat, HostObserved } from './observation.ts'
import { GuestFollowed, MoveStepped, RecoveryStepped } from './recovery.ts'

type Role = (typeof ROLES)[number]

interface WireMessage<Body extends TSchema> {
  readonly body: Body
  /** The first tokens after `ha.<cloud>.`: what kind of message it is. */
  readonly topic: readonly string[]
  readonly from: readonly Role[]
  /** The roles that act on it. An operator may listen, too. */
  readonly to: readonly Role[]
  /** In whose name it speaks: the token after the topic. Without this, it is the sender. */
  readonly speaker?: (body: Static<Body>) => string
  /** What it is about: the tokens after the speaker. The codec escapes each of them into one token. */
  readonly about: (body: Static<Body>) => readonly string[]
  /** `stream`: kept until it is acknowledged; `core`: delivered at most once. */
  readonly guarantee: 'stream' | 'core'
}

const wire = <Body extends TSchema>(message: WireMessage<Body>): WireMessage<Body> => message

/** Processes that show others, too. A compute host hears nobody. */
const WATCHED_FROM = ['gateway', 'engine', 'host-monitor', 'bridge'] as const

export const CATALOGUE = {
  'host.observed': wire({
    body: HostObserved,
    topic: ['observation', 'host'],
    // A gateway speaks in the name of its webhook.
    from: ['host-monitor', 'gateway'],
    to: ['engine', 'gateway'],
    speaker: (body) => body.observer,
    about: (body) => [body.segment, body.hostName],
    guarantee: 'core',
  }),
  'guest.failed': wire({
    body: GuestFailed,
    topic: ['fault', 'guest'],
    from: ['instance-monitor'],
    to: ['engine'],
    speaker: (body) => body.hostName,
    about: (body) => [body.instance],
    guarantee: 'stream',
  }),
  'host.heartbeat': wire({
    body: HostHeartbeat,
    topic: ['heartbeat', 'host'],
    from: ['instance-monitor'],
    to: ['engine', 'host-monitor'],
    speaker: (body) => body.hostName,
    about: () => [],
    guarantee: 'core',
  }),
  'notification.accepted': wire({
    body: NotificationAccepted,
    topic: ['fault', 'notification'],
    from: ['gateway'],
    to: ['engine'],
    about: (body) => [body.notification],
    guarantee: 'stream',
  }),
  'operator.commanded': wire({
    body: OperatorCommanded,
    topic: ['operator', 'commanded'],
    from: ['gateway'],
    to: ['engine'],
    about: () => [],
    guarantee: 'core',
  }),
  'compute.event': wire({
    body: ComputeEvent,
    topic: ['compute'],
    from: ['bridge'],
    to: ['engine'],
    about: (body) => body.eventType.split('.'),
    guarantee: 'core',
  }),
  'recovery.stepped': wire({
    body: RecoveryStepped,
    topic: ['recovery'],
    from: ['engine'],
    to: ['gateway'],
    about: (body) => [body.notification, body.step],
    guarantee: 'core',
  }),
  'move.stepped': wire({
    body: MoveStepped,
    topic: ['instance'],
    from: ['engine'],
    to: ['gateway'],
    about: (body) => [body.instance, body.status],
    guarantee: 'core',
  }),
  'leader.proclaimed': wire({
    body: LeaderProclaimed,
    topic: ['leadership', 'proclaimed'],
    from: ['engine'],
    to: WATCHED_FROM,
    speaker: (body) => body.holder,
    about: () => [],
    guarantee: 'core',
  }),
  'role.health': wire({
    body: RoleHealth,
    topic: ['health'],
    from: ['gateway', 'engine', 'host-monitor', 'instance-monitor', 'bridge'],
    to: WATCHED_FROM,
    speaker: (body) => body.node,
    about: (body) => [rolesToken(body.roles)],
    guarantee: 'core',
  }),
  'host.failed': wire({
    body: HostFailed,
    topic: ['fault', 'host'],
    from: ['bridge'],
    to: ['engine'],
    about: (body) => [body.hostName],
    guarantee: 'stream',
  }),
  'instance.failed': wire({
    body: InstanceFailed,
    topic: ['fault', 'instance'],
    from: ['bridge'],
    to: ['engine'],
    about: (body) => [body.instance],
    guarantee: 'stream',
  }),
  'guests.running': wire({
    body: GuestsRunning,
    topic: ['heartbeat', 'guests'],
    from: ['instance-monitor'],
    to: ['engine'],
    speaker: (body) => body.hostName,
    about: () => [],
    guarantee: 'core',
  }),
  'guest.followed': wire({
    body: GuestFollowed,
    topic: ['instance'],
    from: ['engine'],
    to: ['gateway'],
    about: (body) => [body.instance, 'guest', body.state],
    guarantee: 'core',
  }),
  'domains.known': wire({
    body: DomainsKnown,
    topic: ['domains', 'known'],
    from: ['engine'],
    to: ['gateway'],
    about: () => [],
    guarantee: 'core',
  }),
} as const

export type WireType = keyof typeof CATALOGUE
export type WireBody<Name extends WireType> = Static<(typeof CATALOGUE)[Name]['body']>

/** A decoded message: its name, its body, and who speaks. */
export type Received = {
  readonly [Name in WireType]: {
    readonly type: Name
    readonly body: WireBody<Name>
    readonly id: string
    /** In whose name it speaks: as its subject says, which the server lets only that account publish. */
    readonly sender: string
    readonly incarnation: string
    /** Grows with every message of this incarnation. */
    readonly sequence: number
    readonly epoch: number | null
    readonly sentAt: number
    readonly trace: string | null
  }
}[WireType]

/** All roles of a process as one token, so that an account may say for which roles it speaks. */
export const rolesToken = (roles: readonly string[]): string => roles.toSorted().join('_')
