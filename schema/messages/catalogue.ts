/** Append-only list of all wire messages: name, schema, and the subject that each is sent on. */
import type { Static, TSchema } from 'typebox'
import { DomainsKnown } from './domains.ts'
import { ComputeEvent, HostFailed, NotificationAccepted, OperatorCommanded } from './incident.ts'
import { LeaderProclaimed, RoleHealth } from './leadership.ts'
import { GuestFailed, GuestsRunning, HostHeartbeat, HostObserved } from './observation.ts'
import { GuestFollowed, MoveStepped, RecoveryStepped } from './recovery.ts'

interface WireMessage<Body extends TSchema> {
  readonly body: Body
  /**
   * The tokens after `ha.<cloud>.`, made from the fields of the body. The codec escapes each of
   * them into one token.
   */
  readonly subject: (body: Static<Body>) => readonly string[]
  /** `stream`: kept until it is acknowledged; `core`: delivered at most once. */
  readonly guarantee: 'stream' | 'core'
}

const wire = <Body extends TSchema>(message: WireMessage<Body>): WireMessage<Body> => message

export const CATALOGUE = {
  'host.observed': wire({
    body: HostObserved,
    subject: (body) => ['observation', 'host', body.segment, body.hostName],
    guarantee: 'core',
  }),
  'guest.failed': wire({
    body: GuestFailed,
    subject: (body) => ['fault', 'guest', body.instance],
    guarantee: 'stream',
  }),
  'host.heartbeat': wire({
    body: HostHeartbeat,
    subject: (body) => ['heartbeat', 'host', body.hostName],
    guarantee: 'core',
  }),
  'notification.accepted': wire({
    body: NotificationAccepted,
    subject: (body) => ['fault', 'notification', body.notification],
    guarantee: 'stream',
  }),
  'operator.commanded': wire({
    body: OperatorCommanded,
    subject: () => ['operator', 'commanded'],
    guarantee: 'core',
  }),
  'compute.event': wire({
    body: ComputeEvent,
    subject: (body) => ['compute', ...body.eventType.split('.')],
    guarantee: 'core',
  }),
  'recovery.stepped': wire({
    body: RecoveryStepped,
    subject: (body) => ['recovery', body.notification, body.step],
    guarantee: 'core',
  }),
  'move.stepped': wire({
    body: MoveStepped,
    subject: (body) => ['instance', body.instance, body.status],
    guarantee: 'core',
  }),
  'leader.proclaimed': wire({
    body: LeaderProclaimed,
    subject: () => ['leadership', 'proclaimed'],
    guarantee: 'core',
  }),
  'role.health': wire({
    body: RoleHealth,
    subject: (body) => ['health', body.roles[0] ?? 'none', body.node],
    guarantee: 'core',
  }),
  'host.failed': wire({
    body: HostFailed,
    subject: (body) => ['fault', 'host', body.hostName],
    guarantee: 'stream',
  }),
  'guests.running': wire({
    body: GuestsRunning,
    subject: (body) => ['heartbeat', 'guests', body.hostName],
    guarantee: 'core',
  }),
  'guest.followed': wire({
    body: GuestFollowed,
    subject: (body) => ['instance', body.instance, 'guest', body.state],
    guarantee: 'core',
  }),
  'domains.known': wire({
    body: DomainsKnown,
    subject: () => ['domains', 'known'],
    guarantee: 'core',
  }),
} as const

export type WireType = keyof typeof CATALOGUE
export type WireBody<Name extends WireType> = Static<(typeof CATALOGUE)[Name]['body']>

/** A decoded message: its name, its body, and its sender. */
export type Received = {
  readonly [Name in WireType]: {
    readonly type: Name
    readonly body: WireBody<Name>
    readonly id: string
    readonly sender: string
    readonly incarnation: string
    readonly epoch: number | null
    readonly sentAt: number
    readonly trace: string | null
  }
}[WireType]
