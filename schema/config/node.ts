/** Options of one process: who it is, what it does, what it logs, how it reaches bus and store. */
import type { OptionGroup } from './option.ts'

/** What a process can be part of. */
export const ROLES = ['gateway', 'engine', 'host-monitor', 'instance-monitor', 'bridge'] as const

const LOG_LEVELS = ['info', 'warn', 'error'] as const
/** The least important line that is still written. */
export type LogLevel = (typeof LOG_LEVELS)[number]

export const NODE = {
  name: {
    names: ['DEFAULT.host', 'DEFAULT.hostname'],
    kind: 'text',
    default: '$hostname',
    meaning:
      'Name of this process in elections and observations; on a compute host it must equal the name ' +
      "of the host's compute service. $hostname is the machine's own name. Unique in the cloud.",
  },
  roles: {
    names: ['roles.enabled'],
    kind: 'choices',
    of: ROLES,
    default: 'gateway, engine, host-monitor, instance-monitor, bridge',
    meaning:
      'What this process does. Controllers run all but the instance-monitor, compute hosts only that.',
  },
  logLevel: {
    names: ['log.level'],
    kind: 'choice',
    of: LOG_LEVELS,
    default: 'info',
    meaning: 'The least important line that is still written, as JSON on stderr.',
  },
} as const satisfies OptionGroup

export const STORE = {
  location: {
    names: ['database.connection'],
    kind: 'store',
    default: 'sqlite:////var/lib/instance-ha/instance-ha.sqlite',
    embedded: 'sqlite://',
    meaning:
      'The store, as a SQLAlchemy URL: mysql+pymysql://user:password@host:3306/database, or ' +
      'sqlite:////absolute/path for a single machine, sqlite:// for trials (forgotten at the end). ' +
      'What the URL says about TLS counts as with PyMySQL: ssl_ca, ssl_cert, ssl_key, ssl_cipher, ssl_verify_cert, ' +
      'ssl_verify_identity, ssl_check_hostname, ssl_mode, ssl=true for the public authorities.',
  },
  credentialsKeyFile: {
    names: ['database.credentials_key_file'],
    kind: 'text',
    meaning:
      "Keys that seal the hosts' control_attributes in the database: 32 bytes in base64 each, one a line; the first " +
      'seals, all of them open. When unset: credentials.key in the state_directory of [ssh]. Made at the first start; ' +
      'every controller then needs the same file. To change keys: ' +
      'add a new last line everywhere, restart, make it the first line everywhere, restart, run seal-credentials, ' +
      'remove the old line.',
  },
} as const satisfies OptionGroup

export const HOUSEKEEPING = {
  retentionDays: {
    names: ['housekeeping.retention_days'],
    kind: 'whole',
    min: 1,
    max: 3650,
    default: '90',
    meaning:
      'Ended notifications with all that is recorded of them, and deleted hosts and segments, are kept for so long.',
    low: 'what an incident review needs is gone',
    high: 'the database grows',
  },
  rowsMax: {
    names: ['housekeeping.max_rows'],
    kind: 'whole',
    min: 0,
    max: 1_000_000,
    default: '10000',
    meaning: 'Most rows that the leader deletes every hour; 0 leaves it to the command db-purge.',
    low: 'rows may come faster than they go',
    high: 'load on the database',
  },
} as const satisfies OptionGroup

export const BUS = {
  location: {
    names: ['bus.servers'],
    kind: 'bus',
    default: 'memory',
    meaning:
      'NATS servers, for example nats://10.0.0.1:4222, nats://10.0.0.2:4222. With tls:// all of them are spoken to ' +
      'over TLS only, and so with any of the options below that ask for it. The word memory keeps the ' +
      'bus inside this process: then there is exactly one engine and no standby.',
  },
  cloud: {
    names: ['bus.cloud'],
    kind: 'text',
    default: 'default',
    meaning:
      'Second token of every subject and part of the lease name: keeps clouds on one bus apart.',
  },
  user: { names: ['bus.user'], kind: 'text', meaning: 'NATS user.' },
  password: { names: ['bus.password'], kind: 'secret', meaning: 'Password of the NATS user.' },
  token: {
    names: ['bus.token'],
    kind: 'secret',
    meaning: 'NATS token, instead of user and password.',
  },
  caFile: {
    names: ['bus.ca_file'],
    kind: 'file',
    meaning:
      'Certificates (PEM) that may sign those of the NATS servers; the public ones when unset. Asks for TLS.',
  },
  certFile: {
    names: ['bus.cert_file'],
    kind: 'file',
    meaning: "Our own certificate (PEM), for servers that verify their clients'. Asks for TLS.",
  },
  keyFile: { names: ['bus.key_file'], kind: 'file', meaning: 'Private key (PEM) of it.' },
  credentialsFile: {
    names: ['bus.credentials_file'],
    kind: 'file',
    meaning: 'NATS credentials (a JWT and the seed of its NKey), instead of user or token.',
  },
  tlsFirst: {
    names: ['bus.tls_first'],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether TLS begins before the server says anything, as its handshake_first wants. Asks for TLS.',
  },
} as const satisfies OptionGroup

export const LEASE = {
  ttlMs: {
    names: ['lease.ttl'],
    kind: 'seconds',
    min: 2,
    max: 60,
    default: '6',
    meaning: 'How long a leader that falls silent keeps the lease.',
    low: 'a short stall of the leader or of NATS costs the leadership for nothing',
    high: 'recoveries stand still for so long after a leader has died',
  },
  renewIntervalMs: {
    names: ['lease.renew_interval'],
    kind: 'seconds',
    min: 0.2,
    max: 20,
    default: '2',
    meaning: 'How often the leader prolongs its lease.',
    low: 'needless writes to NATS',
    high: 'one lost renewal costs the leadership',
  },
  campaignIntervalMs: {
    names: ['lease.campaign_interval'],
    kind: 'seconds',
    min: 0.05,
    max: 10,
    default: '0.25',
    meaning: 'How often a standby tries to take the free lease.',
    low: 'needless writes to NATS from every standby',
    high: 'the lease lies free for so long',
  },
  marginMs: {
    names: ['lease.margin'],
    kind: 'seconds',
    min: 0.1,
    max: 20,
    default: '1',
    meaning: 'The leader stops so long before its lease ends, by its own clock.',
    low: 'must exceed the skew between the clocks of the NATS servers, or two may lead for a moment',
    high: 'less time for a renewal to succeed',
  },
} as const satisfies OptionGroup
