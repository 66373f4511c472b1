/**
 * Who may do what on the bus of a chaos run: the rights of each process are those that `bus-permissions` gives to its name and roles,
 * with a password in place of a key. This is the only place that writes the accounts.
 */
import { randomUUID } from 'node:crypto'
import { connect, type NatsConnection } from 'nats'
import { rightsOf, type BusAccount, type Role } from '../../ops/roles/bus-rights.ts'

/** How a process logs in. */
export interface BusLogin {
  readonly user: string
  readonly password: string
}

/** What all processes of a role are denied for a while, beside what they never may. */
export interface Revoked {
  readonly role: Role
  readonly publish: readonly string[]
}

export interface BusAccess {
  loginOf(node: string): BusLogin
  /** Sees everything, and publishes nothing that others read. */
  readonly witness: BusLogin
  /** Entries of the list of users in the servers' configuration. */
  accounts(revoked?: Revoked): readonly string[]
}

/** Connects for the whole run, whatever happens to the servers and the account meanwhile. */
export const connectLastingly = (
  servers: readonly string[],
  { user, password }: BusLogin,
): Promise<NatsConnection> =>
  connect({
    servers: [...servers],
    user,
    pass: password,
    inboxPrefix: `_INBOX.${user}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    pingInterval: 1000,
    ignoreAuthErrorAbort: true, // an account whose permissions change may be refused for a moment
  })

/** Each process has an account of its own, which speaks in its own name only. */
export function busAccess(cloud: string, accounts: readonly BusAccount[]): BusAccess {
  const passwords = new Map(accounts.map(({ node }) => [node, randomUUID()]))
  const loginOf = (user: string): BusLogin => ({ user, password: passwords.get(user) ?? '' })
  const witness = { user: 'witness', password: randomUUID() }
  return {
    loginOf,
    witness,
    accounts(revoked) {
      const lines = accounts.map((account) => {
        const { publish, subscribe } = rightsOf(cloud, account)
        const isHit = revoked !== undefined && account.roles.includes(revoked.role)
        const deny = isHit ? revoked.publish : []
        return lineOf(loginOf(account.node), { publish, deny, subscribe })
      })
      const listens = { publish: ['$JS.API.>', '_INBOX.>'], deny: [], subscribe: ['>'] }
      return [...lines, lineOf(witness, listens)]
    },
  }
}

interface Rules {
  readonly publish: readonly string[]
  readonly deny: readonly string[]
  readonly subscribe: readonly string[]
}

const lineOf = ({ user, password }: BusLogin, { publish, deny, subscribe }: Rules): string =>
  `{ user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)}, permissions: { ` +
  `publish: { allow: ${JSON.stringify(publish)}, deny: ${JSON.stringify(deny)} }, ` +
  `subscribe: { allow: ${JSON.stringify(subscribe)} } } }`
