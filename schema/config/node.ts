/**
 * Options of one process: its name, its roles, its log, and its connections to the bus and the
 * store.
 */
import type { OptionGroup } from './option.ts'

/** The roles that a process can play. */
export const ROLES = ['gateway', 'engine', 'host-monitor', 'instance-monitor', 'bridge'] as const

const LOG_LEVELS = ['info', 'warn', 'error'] as const
/** The least severe level that is written to the log. */
export type LogLevel = (typeof LOG_LEVELS)[number]

export const NODE = {
  name: {
    names: ['DEFAULT.host', 'DEFAULT.hostname'],
    kind: 'text',
    default: '$hostname',
    meaning:
      'Name of this process in elections and observations. On a compute host it must equal the name ' +
      "of the host's compute service. $hostname is the machine's own name. Unique in the cloud.",
  },
  roles: {
    names: ['roles.enabled'],
    kind: 'choices',
    of: ROLES,
    default: 'gateway, engine, host-monitor, instance-monitor, bridge',
    meaning:
      'Roles of this process. Controllers run all roles except the instance-monitor, compute hosts run only the instance-monitor.',
  },
  logLevel: {
    names: ['log.level'],
    kind: 'choice',
    of: LOG_LEVELS,
    default: 'info',
    isTakenAtReload: true,
    meaning: 'The least severe lines that are written. Lines are JSON on stderr.',
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
      'sqlite:////absolute/path for a single machine, sqlite:// for trials (all rows are lost when the process ends). ' +
      'The parameters of the URL about TLS mean the same as with PyMySQL: ssl_ca, ssl_cert, ssl_key, ssl_cipher, ssl_verify_cert, ' +
      'ssl_verify_identity, ssl_check_hostname, ssl_mode; ssl=true accepts the public authorities.',
  },
  poolSize: {
    names: ['database.max_pool_size'],
    kind: 'whole',
    min: 0,
    max: 1000,
    default: '5',
    meaning:
      'Number of unused connections to the database that are kept open. Together with max_overflow it is the largest number of connections; ' +
      'that sum is never below 2 or above 100.',
    low: 'connections are opened again and again',
    high: 'the database keeps connections that are not used',
  },
  poolOverflow: {
    names: ['database.max_overflow'],
    kind: 'whole',
    min: -1,
    max: 1000,
    default: '5',
    meaning:
      'Number of further connections that are opened while they are needed; -1 sets no limit.',
    low: 'requests wait for each other',
    high: 'the database may have no connections left for other programs',
  },
  credentialsKeyFile: {
    names: ['database.credentials_key_file'],
    kind: 'text',
    meaning:
      "File with the keys that seal the hosts' control_attributes in the database: 32 bytes in base64, one key per line. The first key " +
      'seals, and all keys open. When unset: credentials.key in the state_directory of [ssh]. It is made at the first start, and ' +
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
      'How many days ended notifications with all their records, and deleted hosts and segments, are kept.',
    low: 'the records that an incident review needs are deleted',
    high: 'the database grows',
  },
  rowsMax: {
    names: ['housekeeping.max_rows'],
    kind: 'whole',
    min: 0,
    max: 1_000_000,
    default: '10000',
    meaning:
      'Largest number of rows that the leader deletes every hour; 0: only the command db-purge deletes rows.',
    low: 'new rows may be written faster than old ones are deleted',
    high: 'load on the database',
  },
} as const satisfies OptionGroup

export const BUS = {
  location: {
    names: ['bus.servers'],
    kind: 'bus',
    default: 'memory',
    meaning:
      'NATS servers, for example nats://10.0.0.1:4222, nats://10.0.0.2:4222. With tls://, or with any of the options below that ask for ' +
      'TLS, every connection uses TLS. The word memory keeps the ' +
      'bus inside this process: then there is exactly one engine and no standby.',
  },
  cloud: {
    names: ['bus.cloud'],
    kind: 'text',
    default: 'default',
    meaning:
      'Second token of every subject and part of the name of the lease. It separates several clouds on one bus.',
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
      'File with the certificates (PEM) of the authorities that may sign those of the NATS servers; the public authorities when unset. Asks for TLS.',
  },
  certFile: {
    names: ['bus.cert_file'],
    kind: 'file',
    meaning:
      'Our own certificate (PEM), for NATS servers that verify the certificates of their clients. Asks for TLS.',
  },
  keyFile: {
    names: ['bus.key_file'],
    kind: 'file',
    meaning: 'Private key (PEM) of that certificate.',
  },
  credentialsFile: {
    names: ['bus.credentials_file'],
    kind: 'file',
    meaning: 'NATS credentials (a JWT and the seed of its NKey), instead of user or token.',
  },
  nkeyFile: {
    names: ['bus.nkey_file'],
    kind: 'file',
    meaning:
      'File with the seed of our NKey, as the command bus-permissions makes it, instead of user, token or credentials.',
  },
  tlsFirst: {
    names: ['bus.tls_first'],
    kind: 'switch',
    default: 'false',
    meaning:
      'Whether TLS begins before the server sends anything, as servers with handshake_first require. Asks for TLS.',
  },
} as const satisfies OptionGroup

export const LEASE = {
  ttlMs: {
    names: ['lease.ttl'],
    kind: 'seconds',
    min: 2,
    max: 60,
    default: '4.5',
    meaning: 'How long a leader that does not renew its lease any more still holds it.',
    low: 'the leader loses its lease without need when it or NATS pauses for a short time',
    high: 'recoveries do not go on for this time after a leader has died',
  },
  renewIntervalMs: {
    names: ['lease.renew_interval'],
    kind: 'seconds',
    min: 0.2,
    max: 20,
    default: '1',
    meaning: 'Time between two renewals of the lease by the leader.',
    low: 'more writes to NATS than necessary',
    high: 'the leader loses its lease when one renewal is lost',
  },
  campaignIntervalMs: {
    names: ['lease.campaign_interval'],
    kind: 'seconds',
    min: 0.05,
    max: 10,
    default: '0.25',
    meaning: 'Time between two tries of a standby to take a free lease.',
    low: 'every standby writes to NATS more often than necessary',
    high: 'a free lease is taken later',
  },
  marginMs: {
    names: ['lease.margin'],
    kind: 'seconds',
    min: 0.1,
    max: 20,
    default: '1',
    meaning: 'The leader stops acting this long before its lease ends, measured by its own clock.',
    low: 'when it is less than the clock skew between the NATS servers, two engines may lead for a moment',
    high: 'less time for a renewal to succeed',
  },
} as const satisfies OptionGroup
