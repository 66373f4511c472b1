/**
 * Which secrets each role uses. A process needs the secrets of its roles and no other, so that a node does not hold what it
 * does not use. `ops/docs/security.md` shows this table, and a spec compares the two.
 */
import type { Config } from '../config.ts'
import type { ROLES } from './node.ts'

type Role = (typeof ROLES)[number]

/** needed: the role does not run without it. optional: the role does more with it, or the other side asks for it. */
type Use = 'needed' | 'optional'

interface SecretUse {
  /** The options that hold it, or name its file, as `section.option`. */
  readonly options: readonly string[]
  readonly by: Readonly<Partial<Record<Role, Use>>>
  /** Whether the file of this process gives it. */
  readonly isGiven: (config: Config) => boolean
}

const known = (value: unknown): boolean => value !== undefined

export const SECRETS = {
  'account of NATS': {
    options: ['bus.password', 'bus.token', 'bus.credentials_file', 'bus.nkey_file', 'bus.key_file'],
    by: {
      gateway: 'optional',
      engine: 'optional',
      'host-monitor': 'optional',
      'instance-monitor': 'optional',
      bridge: 'optional',
    },
    isGiven: ({ bus }) =>
      [bus.password, bus.token, bus.credentialsFile, bus.nkeyFile, bus.keyFile].some(known),
  },
  'account of the database': {
    options: ['database.connection'],
    by: { gateway: 'needed', engine: 'needed', 'host-monitor': 'needed' },
    isGiven: ({ store }) => store.location.kind === 'mysql',
  },
  'keys of the stored credentials': {
    options: ['database.credentials_key_file'],
    by: { gateway: 'needed', engine: 'needed', 'host-monitor': 'needed' },
    isGiven: ({ store }) => known(store.credentialsKeyFile),
  },
  'account of Compute': {
    options: ['DEFAULT.os_privileged_user_password'],
    by: { gateway: 'needed', engine: 'needed', 'host-monitor': 'optional' },
    isGiven: ({ compute }) => known(compute.password),
  },
  'account that checks tokens': {
    options: ['keystone_authtoken.password'],
    by: { gateway: 'needed' },
    isGiven: ({ identity }) => known(identity.password),
  },
  'key pair for SSH': {
    options: ['ssh.state_directory'],
    by: { engine: 'needed', 'host-monitor': 'needed' },
    // A process makes it when it has none.
    isGiven: () => false,
  },
  'key of the API': {
    options: ['api.tls_key_file'],
    by: { gateway: 'optional' },
    isGiven: ({ serving }) => known(serving.tlsKeyFile),
  },
  'key of the sessions of the console': {
    options: ['console.session_key'],
    by: { gateway: 'optional' },
    isGiven: ({ console }) => known(console.sessionKey),
  },
  'credentials of the webhook': {
    options: ['webhook.token', 'webhook.password'],
    by: { gateway: 'optional' },
    isGiven: ({ webhook }) => [webhook.token, webhook.password].some(known),
  },
  'RabbitMQ of Compute': {
    options: ['bridge.transport_url'],
    by: { bridge: 'optional' },
    isGiven: ({ bridge, events }) => known(bridge.brokers) && !known(events.brokers),
  },
  'RabbitMQ of event notifications': {
    options: ['oslo_messaging_notifications.transport_url'],
    // The bridge reads Compute's notifications from it when it has no URL of its own.
    by: { gateway: 'optional', engine: 'optional', bridge: 'optional' },
    isGiven: ({ events }) => known(events.brokers),
  },
  'key for RabbitMQ': {
    options: ['oslo_messaging_rabbit.ssl_key_file'],
    by: { gateway: 'optional', engine: 'optional', bridge: 'optional' },
    isGiven: ({ rabbit }) => known(rabbit.keyFile),
  },
} as const satisfies Readonly<Record<string, SecretUse>>

export type SecretName = keyof typeof SECRETS

/** How roles of one process use a secret; undefined when none of them does. */
export function useOf(name: SecretName, roles: readonly Role[]): Use | undefined {
  const { by }: SecretUse = SECRETS[name]
  const uses = roles.map((role) => by[role])
  return uses.find((use) => use === 'needed') ?? uses.find((use) => use === 'optional')
}

/** The roles that do not run without it, for a sentence. */
export const needing = (name: SecretName): string => {
  const { by }: SecretUse = SECRETS[name]
  const roles = Object.entries(by).flatMap(([role, use]) => (use === 'needed' ? [role] : []))
  return roles.length === 1 ? `the role ${roles.join()}` : `the roles ${roles.join(' and ')}`
}

/** Secrets that the file of a node gives and that none of its roles uses: one sentence each. */
export function unusedSecrets(config: Config): readonly string[] {
  const { roles } = config.node
  return Object.entries<SecretUse>(SECRETS).flatMap(([name, { options, by, isGiven }]) =>
    roles.some((role) => by[role] !== undefined) || !isGiven(config)
      ? []
      : [
          `${options.join(', ')}: the ${name} is given, and no role of this process uses it (${roles.join(', ')}): ` +
            'take it out of the file of this node',
        ],
  )
}
