/** Checks the bus: whether a server takes the account of this node, and what it may do there. Nothing is said on the bus. */
import type { Config } from '../../schema/config.ts'
import {
  checkAccount,
  OWN_PERMISSIONS,
  type AccountCheckOptions,
  type AccountReport,
} from '../../transports/nats/account-check.ts'
import { faultStreamName, leaseStreamName } from '../../transports/nats/streams.ts'
import { natsCredentials } from '../nats-credentials.ts'
import { rightsOf } from '../roles/bus-rights.ts'
import { examine, finding, type CheckAnswer, type DoctorFinding } from './finding.ts'

const PART = 'bus'
const REACH = 'check [bus] servers and the account of this node, and that the server runs'
const RIGHTS =
  'give the account what instance-ha bus-permissions prints for this node and its roles'

/** Checks it for the roles of this node. */
export async function checkBus(
  { bus, node }: Config,
  around: Pick<AccountCheckOptions, 'clock' | 'random'>,
): Promise<readonly DoctorFinding[]> {
  const { location, cloud } = bus
  if (location.kind === 'memory') {
    const detail = 'the bus is in the memory of the process: there is nothing to reach'
    return [finding(PART, 'connection', 'unknown', { detail })]
  }
  const { subscribe, publish } = rightsOf(cloud, { node: node.name, roles: node.roles })
  const isEngine = node.roles.includes('engine')
  let report: AccountReport | undefined
  const reached = await examine({ part: PART, check: 'connection', mend: REACH }, async () => {
    report = await checkAccount({
      ...around,
      servers: location.servers,
      node: node.name,
      credentials: natsCredentials(bus),
      subscribe,
      publish,
      streams: isEngine ? [leaseStreamName(cloud), faultStreamName(cloud)] : [],
    })
    return `NATS ${report.version} at ${report.server}`
  })
  if (report === undefined) return [reached]
  const { denied, unpublishable, streams, version } = report
  const findings = [
    reached,
    await examine({ part: PART, check: 'subscribe', mend: RIGHTS }, async () =>
      denied.length === 0
        ? `all ${subscribe.length} subjects that its roles need`
        : { verdict: 'broken', detail: `the server denies ${denied.join(', ')}` },
    ),
    await examine({ part: PART, check: 'publish', mend: RIGHTS }, async () =>
      publishAnswer(publish.length, unpublishable, version),
    ),
  ]
  for (const { stream, state } of streams) {
    findings.push(
      await examine({ part: PART, check: `stream ${stream}`, mend: RIGHTS }, async () =>
        streamAnswer(state),
      ),
    )
  }
  return findings
}

/** NATS 2.10 and later tell an account what it may publish, if the account may ask. */
function publishAnswer(
  needed: number,
  denied: readonly string[] | undefined,
  version: string,
): CheckAnswer {
  if (denied === undefined) {
    const detail = `the server does not tell: it is older than 2.10 (${version}), or the account may not ask ${OWN_PERMISSIONS}`
    return { verdict: 'unknown', detail }
  }
  return denied.length === 0
    ? `all ${needed} subjects that its roles need`
    : { verdict: 'broken', detail: `the server denies ${denied.join(', ')}` }
}

const STREAM_ANSWERS: Readonly<Record<AccountReport['streams'][number]['state'], CheckAnswer>> = {
  there: 'is there',
  absent: { verdict: 'well', detail: 'is not there yet: the first engine makes it' },
  denied: { verdict: 'broken', detail: 'the account may not ask about it' },
  'no JetStream': {
    verdict: 'broken',
    detail: 'JetStream does not answer',
    mend: 'switch JetStream on in the configuration of the servers; of a cluster, most servers must run',
  },
}

const streamAnswer = (state: AccountReport['streams'][number]['state']): CheckAnswer =>
  STREAM_ANSWERS[state]
