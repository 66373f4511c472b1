/** Power of machines through ipmitool: a lane for each BMC, sessions kept while they are used. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { PowerPort, PowerState } from '../../actors/ports/power.ts'
import type { BmcSettings } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import { BmcLane, type LaneOptions } from './bmc-lane.ts'
import type { OrderKind } from './bmc-session.ts'
import { startIpmitoolShell, type PtyLibrary } from './ipmitool-shell.ts'

interface PowerOptions {
  readonly clock: ClockPort
  /** Pause between two commands to one BMC; power-off and its verification wait 1 s at most. Default 5000; too low crashes BMCs. */
  readonly minimumSpacingMs?: number
  /** Longest time for one command once it is its turn. Default 10,000; below 9100 an idle session that died is not replaced in time. */
  readonly commandTimeoutMs?: number
}

interface Surroundings {
  readonly pty: PtyLibrary
  readonly home: string
}

/** Opens the port; nothing is started before the first order. Every error code is POWER_*. */
export function openIpmiPower(options: PowerOptions): PowerPort & AsyncDisposable {
  const { clock, minimumSpacingMs = 5000, commandTimeoutMs = 10_000 } = options
  const lanes = new Map<string, BmcLane>()
  let surroundings: Promise<Surroundings> | undefined
  const startShell: LaneOptions['startShell'] = async (bmc, timeoutMs, signal) => {
    surroundings ??= prepare()
    return startIpmitoolShell({ ...(await surroundings), clock, bmc, timeoutMs, signal })
  }
  const laneOf = (key: string): BmcLane => {
    const retire = (): void => void lanes.delete(key)
    const lane =
      lanes.get(key) ??
      new BmcLane({ clock, minimumSpacingMs, commandTimeoutMs, startShell, retire })
    lanes.set(key, lane)
    return lane
  }
  const order = async (
    kind: OrderKind,
    bmc: BmcSettings,
    signal: AbortSignal | undefined,
  ): Promise<PowerState> => laneOf(`${bmc.address}:${bmc.port}`).order(kind, bmc, signal)
  return {
    read: (bmc, signal) => order('read', bmc, signal),
    async off(bmc, signal) {
      await order('off', bmc, signal)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...lanes.values()].map((lane) => lane.close()))
      const ready = await surroundings?.catch(() => undefined)
      if (ready !== undefined) await rm(ready.home, { recursive: true, force: true })
    },
  }
}

async function prepare(): Promise<Surroundings> {
  const pty = await loadPty()
  return { pty, home: await privateHome() }
}

async function loadPty(): Promise<PtyLibrary> {
  try {
    return await import('node-pty')
  } catch (cause) {
    const sentence = 'node-pty is not installed: npm install, with python3, make and g++ present'
    throw new CodedError('POWER_UNAVAILABLE', sentence, { cause })
  }
}

/** ipmitool reads 4.7 MB of enterprise numbers at start, unless HOME holds a shorter list. */
async function privateHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'instance-ha-ipmi-'))
  const directory = join(home, '.local/usr/share/misc')
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'enterprise-numbers.txt'), ENTERPRISE_NUMBERS)
  return home
}

const ENTERPRISE_NUMBERS = `PRIVATE ENTERPRISE NUMBERS

Decimal
| Organization
| | PartitionDetector
| | | Email
| | | |
0
  Reserved
    Internet Assigned Numbers Authority
      iana&iana.org
2
  IBM
    -
      -
`
