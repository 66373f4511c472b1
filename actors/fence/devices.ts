/**
 * The rungs of a fence plan as fence devices: each device is read and ordered in the same way,
 * whatever it works through.
 */
import { bmcAddress, type BmcSettings, type Secret } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import type { HostName, NotificationId } from '../../schema/ids.ts'
import { rungTitle, type Rung } from '../../schema/segment-policy.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { FenceAgentPort, FenceProgram } from '../ports/fence-agent.ts'
import type { PowerPort, PowerState } from '../ports/power.ts'
import type { OperatorStore } from '../ports/operator-store.ts'
import { confirmedBy } from '../policy/operator-command.ts'

export interface FenceDevice {
  /** The name of the device that reads the state, for the certificate. */
  readonly witness: string
  /** The name of the device that is ordered to power off, for the journal. */
  readonly channel: string
  /** Throws POWER_* errors, and the errors of the store. */
  read(signal: AbortSignal): Promise<PowerState>
  off(signal: AbortSignal): Promise<void>
}

/** The host that is fenced. */
export interface FenceTarget {
  readonly notification: NotificationId
  readonly hostName: HostName
  /** Ways to the host's BMC, the preferred one first; none when the host is registered without one. */
  readonly bmcs: readonly BmcSettings[]
  /** Options of each fence agent that may act on the host, by the agent's name. */
  readonly agents: ReadonlyMap<string, ReadonlyMap<string, Secret>>
}

export interface DevicePorts {
  readonly power: PowerPort
  readonly fenceAgent: FenceAgentPort
  readonly store: Pick<OperatorStore, 'listCommands'>
}

/** The device of one rung. */
export function deviceOf(ports: DevicePorts, target: FenceTarget, rung: Rung): FenceDevice {
  const title = rungTitle(rung)
  const program = { host: target.hostName, timeoutMs: rung.limitMs }
  switch (rung.kind) {
    case 'bmc':
    case 'redfish':
    case 'ipmi':
      return bmcDevice(ports.power, target, rung.kind)
    case 'agent': {
      const options = target.agents.get(rung.name)
      if (options === undefined) return missingDevice(title, target, `${title} settings`)
      return programDevice(ports.fenceAgent, title, { ...program, ...rung, options })
    }
    case 'command':
      return programDevice(ports.fenceAgent, title, { ...program, ...rung, options: new Map() })
    case 'operator':
      return operatorDevice(ports.store, target)
    default:
      return assertNever(rung)
  }
}

/**
 * The fence plan for one host. When its BMC can be reached over both protocols, the rung `bmc`
 * becomes one rung for each protocol, because one of them may fail while the other works.
 */
export const rungsFor = (rungs: readonly Rung[], bmcs: readonly BmcSettings[]): readonly Rung[] =>
  rungs.flatMap((rung) =>
    rung.kind === 'bmc' && bmcs.length > 1 ? bmcs.map(({ kind }) => ({ ...rung, kind })) : [rung],
  )

const PROTOCOLS = { bmc: 'Redfish or IPMI', redfish: 'Redfish', ipmi: 'IPMI' } as const

function bmcDevice(
  power: PowerPort,
  target: FenceTarget,
  wanted: keyof typeof PROTOCOLS,
): FenceDevice {
  const bmc = target.bmcs.find(({ kind }) => wanted === 'bmc' || kind === wanted)
  if (bmc === undefined) return missingDevice('the BMC', target, `${PROTOCOLS[wanted]} settings`)
  return {
    witness: 'the BMC',
    channel: `the BMC at ${bmcAddress(bmc)} over ${PROTOCOLS[bmc.kind]}`,
    read: (signal) => power.read(bmc, signal),
    off: (signal) => power.off(bmc, signal),
  }
}

const programDevice = (
  port: FenceAgentPort,
  title: string,
  program: FenceProgram,
): FenceDevice => ({
  witness: title,
  channel: title,
  read: (signal) => port.read(program, signal),
  off: (signal) => port.off(program, signal),
})

/** An operator is not ordered by us: the rung waits for the operator's confirm-dead command. */
function operatorDevice(store: DevicePorts['store'], { notification }: FenceTarget): FenceDevice {
  return {
    witness: 'an operator',
    channel: 'an operator',
    async read() {
      return confirmedBy(await store.listCommands(notification)) === undefined ? 'on' : 'off'
    },
    off: () => Promise.resolve(),
  }
}

function missingDevice(witness: string, { hostName }: FenceTarget, what: string): FenceDevice {
  const refuse = (): Promise<never> => {
    const sentence = `${hostName} has no ${what} in its control_attributes`
    return Promise.reject(new CodedError('POWER_UNAVAILABLE', sentence))
  }
  return { witness, channel: witness, read: refuse, off: refuse }
}
