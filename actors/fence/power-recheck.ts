/**
 * A fenced host is dead only until it is switched on again. Therefore the device that proved its
 * death is read again while the host is acted on (promise I2).
 */
import type { HostId } from '../../schema/ids.ts'
import type { ClockPort } from '../ports/clock.ts'
import { isPowerTrouble, type PowerState } from '../ports/power.ts'
import type { FenceDevice } from './devices.ts'

/**
 * How long a reading is valid, ms: no server starts its operating system in less time, and no
 * guests.
 */
export const READING_MS = 30_000

/**
 * A host that has had power for so long, ms, and that no observer sees alive, hangs; it does not
 * boot.
 */
export const BOOT_MAX_MS = 600_000

export interface PowerFinding {
  /** powered: the host was switched on and may be booting; hung: it has had the time to boot. */
  readonly life: 'none' | 'powered' | 'hung'
  /** Whether the host has power again, and this is the first caller that is told. */
  readonly isNews: boolean
  /**
   * When the device read the state that proved the death, monotonic ms; undefined when no device
   * did.
   */
  readonly diedAtMs: number | undefined
}

interface PowerRecheck {
  readonly device: Pick<FenceDevice, 'read'>
  /** When the device read the state that proved the death, monotonic ms. */
  readonly diedAtMs: number
  readAtMs: number
  poweredSinceMs: number | undefined
  /** Whether the host has power again and no caller was told yet. */
  isNews: boolean
  reading: Promise<void> | undefined
}

/** One for each host that this leader has fenced. */
export class PowerRechecks {
  readonly #powerRechecks = new Map<HostId, PowerRecheck>()
  readonly #clock: ClockPort

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  get size(): number {
    return this.#powerRechecks.size
  }

  /**
   * Keeps the device that proved the death of the host by a reading at this time (monotonic ms).
   */
  keep(host: HostId, device: Pick<FenceDevice, 'read'>, readAtMs: number): void {
    const found = { poweredSinceMs: undefined, isNews: false, reading: undefined }
    this.#powerRechecks.set(host, { device, diedAtMs: readAtMs, readAtMs, ...found })
  }

  /**
   * Forgets the device: the latest death of the host was proved by something that cannot be read
   * again.
   */
  end(host: HostId): void {
    this.#powerRechecks.delete(host)
  }

  /**
   * Reads the power of a host again; an operator command and a consent cannot be read again.
   * Simultaneous callers share one reading.
   */
  async look(host: HostId, signal: AbortSignal): Promise<PowerFinding> {
    const powerRecheck = this.#powerRechecks.get(host)
    if (powerRecheck === undefined) return { life: 'none', isNews: false, diedAtMs: undefined }
    powerRecheck.reading ??= this.#read(powerRecheck, signal).finally(() => {
      powerRecheck.reading = undefined
    })
    await powerRecheck.reading
    const { poweredSinceMs, isNews, diedAtMs } = powerRecheck
    powerRecheck.isNews = false
    if (poweredSinceMs === undefined) return { life: 'none', isNews, diedAtMs }
    const isHung = this.#clock.monotonicMs() - poweredSinceMs >= BOOT_MAX_MS
    return { life: isHung ? 'hung' : 'powered', isNews, diedAtMs }
  }

  async #read(powerRecheck: PowerRecheck, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - powerRecheck.readAtMs < READING_MS) return
    const power = await readable(powerRecheck.device, signal)
    powerRecheck.readAtMs = nowMs
    if (power === 'off') powerRecheck.poweredSinceMs = undefined
    if (power !== 'on' || powerRecheck.poweredSinceMs !== undefined) return
    powerRecheck.poweredSinceMs = nowMs
    powerRecheck.isNews = true
  }
}

/** When the device can no longer be read, nothing new is known and the certificate stays valid. */
async function readable(
  device: Pick<FenceDevice, 'read'>,
  signal: AbortSignal,
): Promise<PowerState | undefined> {
  try {
    return await device.read(signal)
  } catch (error) {
    if (!isPowerTrouble(error)) throw error
    return undefined
  }
}
