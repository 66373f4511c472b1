/** The hosts of the simulated cloud as the product meets them: an SSH port and a BMC each, which follow the simulated machine. */
import { X509Certificate } from 'node:crypto'
import type { HostName } from '../../schema/ids.ts'
import { BMC_USERNAME } from '../../transports/simulated/machine.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import type { BmcCertificate } from './certificate.ts'
import { openHostDoor } from './host-door.ts'
import { startRedfishService } from './redfish-service.ts'
import { startSshAcceptor } from './ssh-acceptor.ts'

/** The ports of the first host; each further host has the next ones. */
const SSH_PORT = 2201
const BMC_PORT = 8401

export interface SimulatedHostsPlan {
  readonly cloud: SimulatedCloud
  /** The name at which all of them are reached. */
  readonly address: string
  readonly names: readonly HostName[]
  readonly certificate: BmcCertificate
  readonly bmcPassword: string
  /** OpenSSH's form. */
  readonly hostKey: string
}

export interface SimulatedHosts extends AsyncDisposable {
  /** The settings of each host, as JSON for its registration. */
  readonly controlAttributes: ReadonlyMap<HostName, string>
}

/** Opens the ports of all hosts. */
export async function openSimulatedHosts(plan: SimulatedHostsPlan): Promise<SimulatedHosts> {
  await using opening = new AsyncDisposableStack()
  const { cloud, address, certificate, bmcPassword: password } = plan
  const ssh = opening.use(await startSshAcceptor('127.0.0.1', plan.hostKey))
  const fingerprint = new X509Certificate(certificate.cert).fingerprint256
  const account = { username: BMC_USERNAME, password }
  const controlAttributes = new Map<HostName, string>()
  for (const [index, name] of plan.names.entries()) {
    const [sshPort, bmcPort] = [SSH_PORT + index, BMC_PORT + index]
    const door = opening.use(await openHostDoor({ host: address, port: sshPort }, ssh.port))
    cloud.whenChanged(name, () => {
      const { isRunning, network } = cloud.machine(name)
      door.set(isRunning && network === 'up' ? 'open' : 'silent')
    })
    opening.use(
      await startRedfishService(
        { host: address, port: bmcPort },
        { ...certificate, ...account },
        { power: () => cloud.machine(name).power, powerOff: () => powerOff(cloud, name) },
      ),
    )
    const settings = {
      ssh: { host: address, port: sshPort, username: 'ha' },
      redfish: {
        url: `https://${address}:${bmcPort}/redfish/v1/Systems/1`,
        ...account,
        fingerprint,
      },
    }
    controlAttributes.set(name, JSON.stringify(settings))
  }
  const kept = opening.move()
  return { controlAttributes, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

function powerOff(cloud: SimulatedCloud, host: HostName): void {
  if (cloud.machine(host).power === 'on') cloud.crashHost(host)
}
