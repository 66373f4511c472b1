/** Verbs of one node: they read its configuration file, and work with its database and its files. */
import { CONFIG, JSON_FLAG } from '../common-options.ts'
import { verb, type VerbGroup } from '../verb.ts'

const DEMO_EXAMPLES = ['run', 'run --config /etc/xavs/instance-ha/instance-ha.conf']

const run = verb({
  about: 'run the roles of a configuration, or a demonstration on a simulated cloud',
  more:
    'With --config, the process plays the roles that the file names until a signal asks it to end. SIGHUP makes it read its ' +
    'files again. Without --config, all roles run in this process on a simulated cloud, and nothing real is touched.',
  options: {
    config: { kind: 'text', value: 'FILE', help: 'the configuration of this node' },
    port: { kind: 'text', value: 'PORT', help: 'port of the REST API of the demonstration' },
    'exit-after-recovery': { kind: 'flag', help: 'end the demonstration after its recovery' },
  },
  arguments: {},
  examples: DEMO_EXAMPLES,
  statuses: {
    0: 'ended by a signal, or the demonstration succeeded',
    1: 'failed',
    2: 'the configuration, the database or the keys cannot be used',
  },
  run: async (given) => (await import('../../commands/run.ts')).run(given),
})

const configCheck = verb({
  about: 'say what differs from the defaults, and what the roles need; connects nowhere',
  options: { config: CONFIG, json: JSON_FLAG },
  arguments: {},
  examples: ['config check --config /etc/xavs/instance-ha/instance-ha.conf'],
  statuses: { 0: 'it can be used', 1: 'it cannot be used; every problem is told' },
  run: async (given) => (await import('../../commands/config-check.ts')).configCheck(given),
})

const health = verb({
  about: 'say whether the process of this container can work',
  more:
    'It asks the health port, which INSTANCE_HA_HEALTH__LISTEN and INSTANCE_HA_HEALTH__LISTEN_PORT name (default: 127.0.0.1:15869). A process can ' +
    'work while others cannot: then it is healthy, and what is wrong is printed.',
  options: {},
  arguments: {},
  examples: ['health'],
  statuses: { 0: 'it can work', 1: 'it cannot, or does not answer' },
  run: async () => (await import('../../commands/health.ts')).health(),
})

const doctor = verb({
  about: 'check a configuration against its world, and say what is well and what to do',
  more:
    'It looks at the database, the bus and what the account may do there, Keystone, Nova, Placement, the clocks, and, with --segment, at ' +
    'the BMC, SSH and nova-compute of each host. It changes nothing, except that the SSH key of a host that is seen for the ' +
    'first time is pinned, as a monitor does.',
  options: {
    config: CONFIG,
    segment: {
      kind: 'text',
      value: 'SEGMENT',
      help: 'also check the hosts of this segment, by name or uuid',
    },
    json: JSON_FLAG,
  },
  arguments: {},
  examples: ['doctor --config /etc/xavs/instance-ha/instance-ha.conf --segment zone-a'],
  statuses: { 0: 'nothing is broken', 1: 'something is broken, and the table says what' },
  run: async (given) => (await import('../../commands/doctor.ts')).doctor(given),
})

const printSample = verb({
  about: 'print every option with its default and its meaning',
  options: {},
  arguments: {},
  examples: ['print-sample > instance-ha.conf'],
  statuses: { 0: 'printed' },
  run: async () => (await import('../../commands/print-sample.ts')).printSample(),
})

const printKey = verb({
  about: 'print the public SSH key for authorized_keys on the compute hosts',
  more: 'The key pair is made at the first use, in [ssh] state_directory.',
  options: {
    config: { kind: 'text', value: 'FILE', help: 'the configuration of this node' },
  },
  arguments: {},
  examples: ['print-key --config /etc/xavs/instance-ha/instance-ha.conf'],
  statuses: { 0: 'printed', 2: 'the configuration cannot be used' },
  run: async (given) => (await import('../../commands/print-key.ts')).printKey(given),
})

const busPermissions = verb({
  about: 'print the accounts of NATS: who may say what on the bus; and make their keys',
  more:
    'NODE is [DEFAULT] host of a process. A role is gateway, engine, host-monitor, instance-monitor or bridge; tap is an account that ' +
    'only listens. For each NODE, DIRECTORY/NODE.nk is made when it is not there: give it to that node as [bus] nkey_file.',
  options: {
    keys: { kind: 'text', value: 'DIRECTORY', help: 'where the keys are', required: true },
    cloud: { kind: 'text', value: 'NAME', help: '[bus] cloud of the processes (default: default)' },
    'compute-hosts': {
      kind: 'text',
      value: 'FILE',
      help: 'the name of one compute host in each line; each gets the role instance-monitor',
    },
  },
  arguments: { nodes: { shape: 'any', help: 'NODE=ROLE[,ROLE…]: the roles of one process' } },
  examples: [
    'bus-permissions --keys keys --compute-hosts hosts.txt ctl-1=engine,gateway,bridge mon-1=host-monitor',
  ],
  statuses: { 0: 'printed', 1: 'a file cannot be read or written', 2: 'a key cannot be used' },
  run: async (given) => (await import('../../commands/bus-permissions.ts')).busPermissions(given),
})

const sealCredentials = verb({
  about: 'seal all stored credentials with the first key of the key file',
  options: { config: CONFIG },
  arguments: {},
  examples: ['seal-credentials --config /etc/xavs/instance-ha/instance-ha.conf'],
  statuses: {
    0: 'all are sealed with the first key',
    1: 'the database is not available',
    2: 'the configuration or a key cannot be used',
  },
  run: async (given) => (await import('../../commands/seal-credentials.ts')).sealCredentials(given),
})

const dbPurge = verb({
  about: 'delete old rows now: ended notifications, deleted hosts and segments',
  more: 'The leader does the same every hour.',
  options: {
    config: CONFIG,
    'age-in-days': {
      kind: 'whole',
      value: 'DAYS',
      help: 'delete what ended so long ago (default: [housekeeping] retention_days)',
      least: 1,
    },
    'max-rows': { kind: 'whole', value: 'ROWS', help: 'delete no more rows of each kind' },
  },
  arguments: {},
  examples: ['db-purge --config /etc/xavs/instance-ha/instance-ha.conf --age-in-days 90'],
  statuses: {
    0: 'deleted',
    1: 'the database is not available',
    2: 'the configuration cannot be used',
  },
  run: async (given) => (await import('../../commands/db-purge.ts')).dbPurge(given),
})

const importMasakari = verb({
  about: "take segments, hosts, ended notifications and moves over from Masakari's database",
  more:
    "Masakari's database is only read, as it is at one moment, so Masakari can go on with it if you turn back. Ids, uuids, times and " +
    'states stay. Recoveries that Masakari has not ended are named, and not taken. Run it again at any time: it brings what Masakari ' +
    'changed since, unless the row was changed here. The database of --config must be another one. The help page is ' +
    'ops/docs/import-masakari.md.',
  options: {
    from: {
      kind: 'text',
      value: 'URL',
      help: "Masakari's database, without its password: mysql+pymysql://USER@HOST:PORT/DATABASE",
    },
    'password-file': { kind: 'text', value: 'FILE', help: 'holds the password for --from' },
    'from-config': {
      kind: 'text',
      value: 'FILE',
      help: 'instead of --from: a masakari.conf; its options that change their meaning are printed',
    },
    config: CONFIG,
    'dry-run': { kind: 'flag', help: 'say what would be changed, and change nothing' },
    json: {
      kind: 'flag',
      help: 'print JSON for programs, an object in each line, instead of text for people',
    },
  },
  arguments: {},
  examples: [
    'import-masakari --from-config /etc/masakari/masakari.conf --config /etc/xavs/instance-ha/instance-ha.conf --dry-run',
    'import-masakari --from mysql+pymysql://masakari@10.0.0.5/masakari --password-file masakari.password --config instance-ha.conf',
  ],
  statuses: {
    0: 'everything that Masakari shows is here, or would be',
    1: 'something was not imported, and a line says why; or a database is not available',
    2: 'the configuration, the source or a key cannot be used, and nothing was changed',
  },
  run: async (given) => (await import('../../commands/import-masakari.ts')).importMasakari(given),
})

export const NODE_VERBS: VerbGroup = {
  title: 'Run and keep a node:',
  verbs: {
    run,
    'config check': configCheck,
    health,
    doctor,
    'print-sample': printSample,
    'print-key': printKey,
    'bus-permissions': busPermissions,
    'seal-credentials': sealCredentials,
    'db-purge': dbPurge,
    'import-masakari': importMasakari,
  },
}
