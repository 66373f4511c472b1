/** Verbs of the simulated cloud, with which a deployment can be tried without a real one. */
import { JSON_FLAG } from '../common-options.ts'
import { verb, type VerbGroup } from '../verb.ts'

const STATE = {
  kind: 'text',
  value: 'DIRECTORY',
  help: 'where the simulated cloud keeps its keys and listens for these verbs',
  required: true,
} as const

const HOST = { host: { shape: 'one', help: 'name of a simulated host' } } as const
const STATUSES = { 0: 'done', 2: 'there is no such host, or no simulated cloud' } as const

const run = verb({
  about: 'run a cloud for trials: Keystone, Nova, Placement, and hosts with SSH and BMCs',
  more:
    'The deployment under ops/docker uses it. It listens at ADDRESS only: 5000 Identity, 8774 Compute and Placement, from 2201 on the SSH and ' +
    'from 8401 on the BMC of each host. It registers its hosts at the REST API. Its account is masakari in the project service.',
  options: {
    address: {
      kind: 'text',
      value: 'ADDRESS',
      help: 'the name at which it is reached',
      required: true,
    },
    state: STATE,
    'password-file': {
      kind: 'text',
      value: 'FILE',
      help: 'the password of its account',
      required: true,
    },
    'broker-file': {
      kind: 'text',
      value: 'FILE',
      help: 'the URL of the RabbitMQ on which Nova would publish, rabbit://user:password@host:port/',
    },
    api: { kind: 'text', value: 'URL', help: 'the REST API, without /v1', required: true },
  },
  arguments: {},
  examples: [
    'simulated-cloud run --address cloud --state /var/lib/instance-ha --password-file /run/secrets/keystone --api http://haproxy:15868',
  ],
  statuses: { 0: 'ended by a signal', 2: 'a file cannot be read' },
  run: async (given) =>
    (await import('../../commands/simulated-cloud.ts')).runSimulatedCloud(given),
})

const hosts = verb({
  about: 'show what really runs on each simulated host',
  options: { state: STATE, json: JSON_FLAG },
  arguments: {},
  examples: ['simulated-cloud hosts --state /var/lib/instance-ha'],
  statuses: STATUSES,
  run: async (given) =>
    (await import('../../commands/simulated-cloud.ts')).showSimulatedHosts(given),
})

const kill = verb({
  about: 'take the power from a simulated host: its instances stop',
  options: { state: STATE, json: JSON_FLAG },
  arguments: HOST,
  examples: ['simulated-cloud kill --state /var/lib/instance-ha compute-03'],
  statuses: STATUSES,
  run: async (given) =>
    (await import('../../commands/simulated-cloud.ts')).changeSimulatedHost('kill', given),
})

const powerOn = verb({
  about: 'switch a simulated host on again; nova-compute follows within a minute',
  options: { state: STATE, json: JSON_FLAG },
  arguments: HOST,
  examples: ['simulated-cloud power-on --state /var/lib/instance-ha compute-03'],
  statuses: STATUSES,
  run: async (given) =>
    (await import('../../commands/simulated-cloud.ts')).changeSimulatedHost('power-on', given),
})

export const SIMULATED_CLOUD_VERBS: VerbGroup = {
  title: 'A cloud for trials:',
  verbs: {
    'simulated-cloud run': run,
    'simulated-cloud hosts': hosts,
    'simulated-cloud kill': kill,
    'simulated-cloud power-on': powerOn,
  },
}
