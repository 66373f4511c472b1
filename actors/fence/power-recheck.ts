/** A fenced host stays dead only until somebody switches it on: what proved its death is read again while it is acted on (promise I2). */
import type { HostId } from '../../schema/ids.ts'
import type { ClockPort } from '../ports/clock.ts'
import { isPowerTrouble, type PowerState } from '../ports/power.ts'
import type { FenceDevice } from './devices.ts'

/** How long a reading is good for, ms: no server starts its operating system in less, let alone guests. */
export const READING_MS = 30_000

/** Who has had power for so long, ms, and is seen by nobody, does not boot: it hangs. */
export const BOOT_MAX_MS = 600_000

export interface PowerFinding {
  /** powered: somebody has switched it on, and it may be booting; hung: it has had the time to. */
  readonly life: 'none' | 'powered' | 'hung'
  /** Whether it has power again, and this is the first to be told. */
  readonly isNews: boolean
  /** Monotonic ms of the reading that proved its death; undefined when none did. */
  readonly diedAtMs: number | undefined
}

interface PowerRecheck {
  readonly device: Pick<FenceDevice, 'read'>
  /** Monotonic ms. */
  readonly diedAtMs: number
  readAtMs: number
  poweredSinceMs: number | undefined
  /** Whether it has power again, and nobody was told yet. */
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

  /** From the moment of that reading (monotonic ms) the device answers for the death of the host. */
  keep(host: HostId, device: Pick<FenceDevice, 'read'>, readAtMs: number): void {
    const found = { poweredSinceMs: undefined, isNews: false, reading: undefined }
    this.#powerRechecks.set(host, { device, diedAtMs: readAtMs, readAtMs, ...found })
  }

  /** Its latest death rests on something that nothing can be asked about again. */
  end(host: HostId): void {
    this.#powerRechecks.delete(host)
  }

  /** What its power says of a host; an operator's command, and a consent, are not read again. Those who ask at once share a reading. */
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

/** Who cannot be read any more says nothing new: the certificate stands. */
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
