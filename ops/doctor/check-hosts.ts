/** Checks each host of a segment: its settings, its BMC, SSH, and whether Nova knows it. The power is only read. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ComputeService } from '../../actors/ports/compute.ts'
import type { PowerPort } from '../../actors/ports/power.ts'
import type { ShellPort, ShellOutcome } from '../../actors/ports/shell.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { Config } from '../../schema/config.ts'
import {
  bmcAddress,
  bmcsOf,
  parseControlAttributes,
  type BmcSettings,
  type SshSettings,
} from '../../schema/control-attributes.ts'
import { adviceFor, shownName } from '../../schema/nearest-name.ts'
import type { Host } from '../../schema/records.ts'
import { openPower, openShell, type Ambient } from '../ports.ts'
import { examine, finding, type CheckAnswer, type DoctorFinding } from './finding.ts'

interface HostsWorld {
  readonly store: StorePort
  readonly services: readonly ComputeService[] | undefined
}

const PROBE_MS = 5000
/** Hosts that are asked at once. */
const AT_ONCE = 8

/** Checks the hosts of the segment with this name or uuid. */
export async function checkHosts(
  config: Config,
  ambient: Ambient,
  { store, services }: HostsWorld,
  named: string,
): Promise<readonly DoctorFinding[]> {
  const segments = await store.listSegments({}, { limit: 100_000, sort: [] })
  const segment = segments.find(({ name, uuid }) => name === named || uuid === named)
  if (segment === undefined) {
    const detail = `there is no segment ${shownName(named)}`
    const mend = adviceFor(
      named,
      segments.map(({ name }) => name),
    )
    return [finding('segment', shownName(named), 'broken', { detail, mend })]
  }
  const hosts = await store.listHosts({ segment: segment.uuid }, { limit: 100_000, sort: [] })
  const power = openPower(config, ambient)
  const shell = await shellOf(config, ambient)
  const findings: DoctorFinding[] = []
  for (let first = 0; first < hosts.length; first += AT_ONCE) {
    const some = hosts.slice(first, first + AT_ONCE)
    const found = some.map((host) => checkHost(host, { power, shell, services }))
    findings.push(...(await Promise.all(found)).flat())
  }
  if (hosts.length > 0) return findings
  const detail = `the segment ${segment.name} has no host`
  return [finding('segment', segment.name, 'warning', { detail, mend: 'instance-ha host create' })]
}

/** Undefined when there is no key yet: it is made by the first process that needs it, not by us. */
async function shellOf(config: Config, ambient: Ambient): Promise<ShellPort | undefined> {
  if (!existsSync(join(config.ssh.stateDirectory, 'id_ed25519'))) return undefined
  return openShell(config, ambient)
}

interface Channels {
  readonly power: PowerPort
  readonly shell: ShellPort | undefined
  readonly services: readonly ComputeService[] | undefined
}

async function checkHost(
  host: Host,
  { power, shell, services }: Channels,
): Promise<readonly DoctorFinding[]> {
  const part = host.name
  const attributes = parseControlAttributes(host.controlAttributes)
  const { problems, ssh } = attributes
  const bmcs = bmcsOf(attributes)
  const mend = 'correct them: instance-ha host set HOST --control-attributes FILE'
  const findings: DoctorFinding[] = []
  if (problems.length > 0) {
    findings.push(finding(part, 'settings', 'broken', { detail: problems.join('; '), mend }))
  }
  if (bmcs.length === 0 && ssh === undefined && problems.length === 0) {
    const detail = 'it has neither a BMC nor SSH: nobody watches it, and no BMC can fence it'
    findings.push(finding(part, 'settings', 'warning', { detail, mend }))
  }
  for (const bmc of bmcs) findings.push(await checkBmc(part, bmc, power))
  if (ssh !== undefined) findings.push(await checkSsh(part, ssh, shell))
  if (services !== undefined) findings.push(await checkService(part, services))
  return findings
}

const checkBmc = (part: string, bmc: BmcSettings, power: PowerPort): Promise<DoctorFinding> =>
  examine(
    {
      part,
      check: bmc.kind,
      mend: `check address, account and privilege of the BMC ${bmcAddress(bmc)}, and that this node reaches it`,
    },
    async () => {
      const state = await power.read(bmc)
      const detail = `power is ${state}`
      return state === 'on' ? detail : { verdict: 'warning', detail, mend: 'is that intended?' }
    },
  )

const SSH_MENDS: Readonly<Record<Exclude<ShellOutcome, 'alive'>, string>> = {
  refused: 'start sshd on the host',
  silent: 'check address and port, the network, and that the host runs',
  misconfigured:
    'put the key that instance-ha print-key shows into authorized_keys, and check host_key',
}

const checkSsh = (
  part: string,
  ssh: SshSettings,
  shell: ShellPort | undefined,
): Promise<DoctorFinding> =>
  examine({ part, check: 'ssh', mend: SSH_MENDS.silent }, async (): Promise<CheckAnswer> => {
    if (shell === undefined) {
      const detail = 'this node has no key pair yet'
      return { verdict: 'broken', detail, mend: SSH_MENDS.misconfigured }
    }
    const { outcome, detail } = await shell.probe(ssh, PROBE_MS)
    shell.forget(ssh)
    if (outcome === 'alive') return detail
    return { verdict: 'broken', detail: `${outcome}: ${detail}`, mend: SSH_MENDS[outcome] }
  })

const checkService = (part: string, services: readonly ComputeService[]): Promise<DoctorFinding> =>
  examine({ part, check: 'nova-compute', mend: 'start nova-compute on the host' }, async () => {
    const service = services.find(({ host }) => host === part)
    if (service === undefined) {
      const mend = 'register the host by the name that Nova has: openstack compute service list'
      return { verdict: 'broken', detail: 'Nova does not know this name', mend }
    }
    return service.up ? 'up' : { verdict: 'broken', detail: 'down' }
  })
