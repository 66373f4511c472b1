/** One compute host as the product meets it: SSH, a BMC, libvirt, and its own instance monitor, all of which follow the simulated machine. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostName } from '../../schema/ids.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import { startBmc, type Bmc } from '../support/bmc.ts'
import { startRedfishBmc, type RedfishIdentity } from '../support/redfish-bmc.ts'
import { openTcpRelay, type TcpRelay } from '../support/tcp-relay.ts'
import { startLibvirtOfHost, type LibvirtOfHost } from './libvirt-of-host.ts'
import type { ProductProcess } from './product-process.ts'
import type { Truth } from './truth.ts'

/** How often the machine behind a simulated IPMI BMC is compared with it, ms. */
const IPMI_LOOK_MS = 200
/** A session of a process that was killed ends so late, ms. Real BMCs take minutes; a run has not many. */
const SESSION_IDLE_MS = 60_000
const KEPT_RUNS = 'guests-that-ran.json'

/** What all hosts share. */
export interface HostSurroundings {
  readonly cloud: SimulatedCloud
  readonly truth: Truth
  readonly sshPort: number
  readonly busPorts: readonly number[]
  readonly identity: RedfishIdentity
}

/** Must be told of its monitor before its machine changes. */
export class ComputeHost implements AsyncDisposable {
  readonly name: HostName
  /** JSON, with the addresses of SSH and BMC. */
  readonly controlAttributes: string
  readonly libvirtSocket: string
  readonly busPorts: readonly number[]
  readonly #around: HostSurroundings
  readonly #parts: AsyncDisposable
  readonly #ssh: TcpRelay
  readonly #bus: readonly TcpRelay[]
  readonly #libvirt: LibvirtOfHost
  #monitor: { readonly process: ProductProcess; readonly directory: string } | undefined
  #wasRunning = true

  private constructor(name: HostName, around: HostSurroundings, parts: HostParts) {
    this.name = name
    this.#around = around
    this.#parts = parts.owned
    this.#ssh = parts.ssh
    this.#bus = parts.bus
    this.#libvirt = parts.libvirt
    this.libvirtSocket = parts.libvirt.socket
    this.busPorts = parts.bus.map(({ port }) => port)
    this.controlAttributes = JSON.stringify({
      ssh: { host: '127.0.0.1', port: parts.ssh.port, username: 'ha' },
      ...parts.power,
    })
    around.cloud.whenChanged(name, () => this.#follow())
  }

  static async open(
    name: HostName,
    kind: 'ipmi' | 'redfish',
    around: HostSurroundings,
  ): Promise<ComputeHost> {
    await using opening = new AsyncDisposableStack()
    const ssh = opening.use(await openTcpRelay(around.sshPort))
    const bus = await Promise.all(around.busPorts.map((port) => openTcpRelay(port)))
    for (const relay of bus) opening.use(relay)
    const libvirt = opening.use(await startLibvirtOfHost(around.cloud, name))
    const power = await (kind === 'ipmi' ? openIpmi : openRedfish)(opening, name, around)
    return new ComputeHost(name, around, { ssh, bus, libvirt, power, owned: opening.move() })
  }

  /** Its instance monitor, with its state directory. */
  watchedBy(process: ProductProcess, directory: string): void {
    this.#monitor = { process, directory }
  }

  get monitor(): ProductProcess | undefined {
    return this.#monitor?.process
  }

  get stateDirectory(): string | undefined {
    return this.#monitor?.directory
  }

  /** Cuts its monitor off from the bus, and nothing else; or ends that. */
  holdBus(held: 'both' | 'nothing'): void {
    for (const relay of this.#bus) relay.hold(this.#isReached ? held : 'both')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]()
  }

  get #isReached(): boolean {
    const { isRunning, network } = this.#around.cloud.machine(this.name)
    return isRunning && network === 'up'
  }

  #follow(): void {
    const { power, os, isRunning } = this.#around.cloud.machine(this.name)
    this.#ssh.hold(this.#isReached ? 'nothing' : 'both')
    this.holdBus('nothing')
    if (!this.#wasRunning && isRunning && os === 'up') this.#comeBack()
    if (power === 'off' || os === 'booting') this.#loseProcesses()
    if (os === 'hung') this.monitor?.freeze()
    else if (this.monitor?.isFrozen === true && power === 'on') this.monitor.thaw()
    this.#wasRunning = isRunning
  }

  #loseProcesses(): void {
    this.monitor?.cutPower()
    this.#libvirt.drop()
  }

  /** Our hosts share the boot of this machine, so what belongs to the boot before is removed here. */
  #comeBack(): void {
    this.#ssh.cut()
    const { monitor, stateDirectory } = this
    if (monitor === undefined || stateDirectory === undefined) return
    const removed = rm(join(stateDirectory, KEPT_RUNS), { force: true })
    removed
      .then(() => monitor.powerOn())
      .catch((error: unknown) => process.emitWarning(String(error)))
  }
}

interface HostParts {
  readonly ssh: TcpRelay
  readonly bus: readonly TcpRelay[]
  readonly libvirt: LibvirtOfHost
  readonly power: object
  readonly owned: AsyncDisposable
}

/** The members of `control_attributes` for a Redfish service that switches the machine. */
async function openRedfish(
  opening: AsyncDisposableStack,
  host: HostName,
  { cloud, truth, identity }: HostSurroundings,
): Promise<object> {
  const machine = {
    get power() {
      return cloud.machine(host).power
    },
    set power(_off) {
      truth.powerOff(host)
    },
  }
  const bmc = opening.use(
    await startRedfishBmc({ sessionIdleMs: SESSION_IDLE_MS }, machine, identity),
  )
  const { settings } = bmc
  const { url, username, password, fingerprints } = settings
  return { redfish: { url, username, password: password.reveal(), fingerprint: fingerprints[0] } }
}

async function openIpmi(
  opening: AsyncDisposableStack,
  host: HostName,
  around: HostSurroundings,
): Promise<object> {
  const bmc = opening.use(await startBmc())
  const ending = new AbortController()
  const following = followIpmi(bmc, host, around, ending.signal)
  opening.defer(async () => {
    ending.abort()
    await following
  })
  const { address, port, username, password, cipherSuite } = bmc.settings
  const settings = { host: address, port, username, password: password.reveal() }
  return { ipmi: { ...settings, cipher_suite: cipherSuite } }
}

/** A BMC of `ipmi_sim` keeps the power in a file of its own. An order is a change of it that nobody here has made. */
async function followIpmi(
  bmc: Bmc,
  host: HostName,
  { cloud, truth }: HostSurroundings,
  signal: AbortSignal,
): Promise<void> {
  let last = await bmc.power()
  while (!signal.aborted) {
    const power = await bmc.power()
    if (power === 'off' && last === 'on') truth.powerOff(host)
    const real = cloud.machine(host).power
    if (power !== real) await bmc.setPower(real)
    last = real
    await sleep(IPMI_LOOK_MS)
  }
}
