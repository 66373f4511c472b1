/** A fenced host stays dead only until somebody switches it on: what proved its death is read again while it is acted on (promise I2). */
import type { HostId } from '../../schema/ids.ts'
import type { ClockPort } from '../ports/clock.ts'
import { isPowerTrouble, type PowerState } from '../ports/power.ts'
import type { Lever } from './levers.ts'

/** How long a reading is good for, ms: no server starts its operating system in less, let alone guests. */
export const READING_MS = 30_000

/** Who has had power for so long, ms, and is seen by nobody, does not boot: it hangs. */
export const BOOT_MAX_MS = 600_000

export interface Finding {
  /** powered: somebody has switched it on, and it may be booting; hung: it has had the time to. */
  readonly life: 'none' | 'powered' | 'hung'
  /** Whether it has power again, and this is the first to be told. */
  readonly isNews: boolean
  /** Monotonic ms of the reading that proved its death; undefined when none did. */
  readonly diedAtMs: number | undefined
}

interface Vigil {
  readonly lever: Pick<Lever, 'read'>
  /** Monotonic ms. */
  readonly diedAtMs: number
  readAtMs: number
  poweredSinceMs: number | undefined
  /** Whether it has power again, and nobody was told yet. */
  isNews: boolean
  reading: Promise<void> | undefined
}

/** One for each host that this process has fenced. */
export class Vigils {
  readonly #vigils = new Map<HostId, Vigil>()
  readonly #clock: ClockPort

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  /** From the moment of that reading (monotonic ms) the lever answers for the death of the host. */
  keep(host: HostId, lever: Pick<Lever, 'read'>, readAtMs: number): void {
    const found = { poweredSinceMs: undefined, isNews: false, reading: undefined }
    this.#vigils.set(host, { lever, diedAtMs: readAtMs, readAtMs, ...found })
  }

  /** Its latest death rests on something that nothing can be asked about again. */
  end(host: HostId): void {
    this.#vigils.delete(host)
  }

  /** What its power says of a host; an operator's word, and a consent, are not read again. Those who ask at once share a reading. */
  async look(host: HostId, signal: AbortSignal): Promise<Finding> {
    const vigil = this.#vigils.get(host)
    if (vigil === undefined) return { life: 'none', isNews: false, diedAtMs: undefined }
    vigil.reading ??= this.#read(vigil, signal).finally(() => {
      vigil.reading = undefined
    })
    await vigil.reading
    const { poweredSinceMs, isNews, diedAtMs } = vigil
    vigil.isNews = false
    if (poweredSinceMs === undefined) return { life: 'none', isNews, diedAtMs }
    const isHung = this.#clock.monotonicMs() - poweredSinceMs >= BOOT_MAX_MS
    return { life: isHung ? 'hung' : 'powered', isNews, diedAtMs }
  }

  async #read(vigil: Vigil, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - vigil.readAtMs < READING_MS) return
    const power = await readable(vigil.lever, signal)
    vigil.readAtMs = nowMs
    if (power === 'off') vigil.poweredSinceMs = undefined
    if (power !== 'on' || vigil.poweredSinceMs !== undefined) return
    vigil.poweredSinceMs = nowMs
    vigil.isNews = true
  }
}

/** Who cannot be read any more says nothing new: the certificate stands. */
async function readable(
  lever: Pick<Lever, 'read'>,
  signal: AbortSignal,
): Promise<PowerState | undefined> {
  try {
    return await lever.read(signal)
  } catch (error) {
    if (!isPowerTrouble(error)) throw error
    return undefined
  }
}
