/**
 * Who may do what on the bus of a chaos run: the accounts of all processes, and the text that makes the servers know them.
 * This is the only place that writes it.
 */
import { randomUUID } from 'node:crypto'
import { connect, type NatsConnection } from 'nats'
import { subjectToken } from '../../schema/messages/codec.ts'

/** One NATS user. */
export interface BusAccount {
  readonly user: string
  readonly password: string
}

/** Accounts that all processes of a kind share. */
export const SHARED_USERS = ['engine', 'host-monitor', 'gateway', 'bridge', 'compute'] as const
export type SharedUser = (typeof SHARED_USERS)[number]

/** What an account is denied for a while, beside what it never may. */
export interface Revoked {
  readonly user: SharedUser
  readonly publish: readonly string[]
}

export interface BusAccess {
  accountOf(process: { readonly role: SharedUser; readonly node: string }): BusAccount
  /** Sees everything, and publishes nothing that others read. */
  readonly witness: BusAccount
  /** Lines of the servers' configuration. */
  configuration(revoked?: Revoked): string
}

/** Connects for the whole run, whatever happens to the servers and the account meanwhile. */
export const connectLastingly = (
  servers: readonly string[],
  { user, password }: BusAccount,
): Promise<NatsConnection> =>
  connect({
    servers: [...servers],
    user,
    pass: password,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    pingInterval: 1000,
    ignoreAuthErrorAbort: true, // an account whose permissions change may be refused for a moment
  })

/** Each compute host has an account of its own, which speaks in its own name only. */
export function busAccess(cloud: string, hosts: readonly string[]): BusAccess {
  const passwords = new Map<string, string>()
  const accountOf = (user: string): BusAccount => {
    const password = passwords.get(user) ?? randomUUID()
    passwords.set(user, password)
    return { user, password }
  }
  const line = (user: string, publish: Rules): string =>
    `{ user: ${quoted(user)}, password: ${quoted(accountOf(user).password)}, ` +
    `permissions: { publish: ${rules(publish)}, subscribe: ">" } }`
  const witness = accountOf('witness')
  return {
    accountOf: ({ role, node }) => accountOf(role === 'compute' ? `compute-of-${node}` : role),
    witness,
    configuration(revoked) {
      const deny = (user: SharedUser): readonly string[] =>
        revoked?.user === user ? revoked.publish : []
      const controllers = SHARED_USERS.filter((user) => user !== 'compute')
      const lines = [
        ...controllers.map((user) => line(user, { allow: ['>'], deny: deny(user) })),
        ...hosts.map((host) => {
          const allow = allowedTo(host, cloud)
          return line(`compute-of-${host}`, { allow, deny: deny('compute') })
        }),
        line(witness.user, { allow: ['$JS.API.>', '_INBOX.>'], deny: [] }),
      ]
      return `authorization { users: [\n${lines.join(',\n')}\n] }`
    },
  }
}

interface Rules {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

const quoted = (text: string): string => JSON.stringify(text)

const rules = ({ allow, deny }: Rules): string =>
  `{ allow: ${JSON.stringify(allow)}, deny: ${JSON.stringify(deny)} }`

function allowedTo(host: string, cloud: string): readonly string[] {
  const name = subjectToken(host)
  return [
    `ha.${cloud}.heartbeat.host.${name}`,
    `ha.${cloud}.heartbeat.guests.${name}`,
    `ha.${cloud}.health.instance-monitor.${name}`,
    `ha.${cloud}.fault.guest.>`,
    '$JS.API.INFO',
    '$JS.API.STREAM.INFO.>',
    '$JS.API.STREAM.CREATE.>',
    '$JS.API.STREAM.UPDATE.>',
    '$JS.API.CONSUMER.LIST.>',
    '$JS.API.CONSUMER.NAMES.>',
  ]
}
