/**
 * Reads and switches the power of machines through their BMCs, over IPMI or Redfish: with a lane for
 * each BMC and protocol, and with sessions that are kept while they are used.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { PolledPowerPort, PowerState } from '../../actors/ports/power.ts'
import type { BmcSettings, IpmiSettings, RedfishSettings } from '../../schema/control-attributes.ts'
import type { BmcPoliteness } from '../../schema/messages/politeness.ts'
import { startIpmitoolShell } from './ipmi/ipmitool-shell.ts'
import { IpmiSession, type IpmiSessionOptions } from './ipmi/session.ts'
import { prepareSurroundings, type IpmitoolSurroundings } from './ipmi/surroundings.ts'
import { BmcLane, URGENT_SPACING_MS, type LaneOptions } from './lane.ts'
import { BmcMeter } from './meter.ts'
import { RedfishSession } from './redfish/session.ts'
import { SessionPool } from './session-pool.ts'
import type { OrderKind } from './session.ts'

interface PowerOptions {
  readonly clock: ClockPort
  /** Pause between two commands to one BMC; power-off and its verification wait 1 s at most. Default 5000; too low crashes BMCs. */
  readonly minimumSpacingMs?: number
  /** Longest time for one command once it is its turn. Default 10,000; below 9100 an idle IPMI session that died is not replaced in time. */
  readonly commandTimeoutMs?: number
  /** Largest number of sessions that are open at once. Default 128. */
  readonly sessionsMax?: number
  /** Authorities that sign the certificates of Redfish services, PEM; undefined: those of the system. */
  readonly ca?: string | undefined
}

/** The port, and its requests to the BMCs since the start. */
export interface BmcPower extends PolledPowerPort, AsyncDisposable {
  politeness(): BmcPoliteness
}

/** Opens the port; nothing is started before the first order. Every error code is POWER_*. */
export function openBmcPower(options: PowerOptions): BmcPower {
  const { clock, minimumSpacingMs = 5000, commandTimeoutMs = 10_000, ca } = options
  const sessionsMax = options.sessionsMax ?? 128
  const pool = new SessionPool(sessionsMax)
  const meter = new BmcMeter()
  const noteSession = (): void => meter.sessionOpened()
  let surroundings: Promise<IpmitoolSurroundings> | undefined
  const startShell: IpmiSessionOptions['startShell'] = async (bmc, timeoutMs, signal) => {
    surroundings ??= prepareSurroundings()
    return startIpmitoolShell({ ...(await surroundings), clock, bmc, timeoutMs, signal })
  }
  const around = { clock, pool, meter, minimumSpacingMs }
  const ipmi = new Lanes<IpmiSettings>({
    ...around,
    keyOf: ({ address, port }) => `${address}:${port}`,
    openSession: (ending) =>
      new IpmiSession({ clock, commandTimeoutMs, startShell, noteSession }, ending),
  })
  const redfish = new Lanes<RedfishSettings>({
    ...around,
    keyOf: ({ url }) => new URL(url).host,
    openSession: (ending) =>
      new RedfishSession({ clock, commandTimeoutMs, ca, noteSession }, ending),
  })
  const order = async (
    kind: OrderKind,
    bmc: BmcSettings,
    signal: AbortSignal | undefined,
  ): Promise<PowerState> =>
    bmc.kind === 'ipmi' ? ipmi.order(kind, bmc, signal) : redfish.order(kind, bmc, signal)
  return {
    read: (bmc, signal) => order('read', bmc, signal),
    sessions: {
      isKept: (bmc) => (bmc.kind === 'ipmi' ? ipmi.keepsSession(bmc) : redfish.keepsSession(bmc)),
    },
    async off(bmc, signal) {
      await order('off', bmc, signal)
    },
    politeness: () => ({
      ...meter.figures(),
      sessionsOpen: pool.openCount(),
      sessionsOpenMax: sessionsMax,
      shortestPauseMsMin: minimumSpacingMs,
      shortestUrgentPauseMsMin: Math.min(minimumSpacingMs, URGENT_SPACING_MS),
    }),
    async [Symbol.asyncDispose]() {
      await Promise.all([ipmi.close(), redfish.close()])
      await (await surroundings?.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}

interface LanesOptions<Settings> extends Omit<LaneOptions<Settings>, 'retire'> {
  /** BMCs with equal keys are the same one. */
  keyOf(bmc: Settings): string
}

/** A lane for each BMC that is used over one protocol. */
class Lanes<Settings> {
  readonly #options: LanesOptions<Settings>
  readonly #lanes = new Map<string, BmcLane<Settings>>()

  constructor(options: LanesOptions<Settings>) {
    this.#options = options
  }

  order(kind: OrderKind, bmc: Settings, signal: AbortSignal | undefined): Promise<PowerState> {
    const key = this.#options.keyOf(bmc)
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      const retire = (): void => void this.#lanes.delete(key)
      lane = new BmcLane({ ...this.#options, retire })
      this.#lanes.set(key, lane)
    }
    return lane.order(kind, bmc, signal)
  }

  /** Whether the session with the BMC is kept until its next order. */
  keepsSession(bmc: Settings): boolean {
    return this.#lanes.get(this.#options.keyOf(bmc))?.keepsSession() === true
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()))
  }
}
