/** Counts the requests to BMCs, so that operators see that the limits are kept. */
import type { BmcPoliteness } from '../../schema/messages/politeness.ts'

/** One meter counts for all BMCs of a port. */
export class BmcMeter {
  #commands = 0
  #sessionsOpened = 0
  #shortestPauseMs = Number.POSITIVE_INFINITY
  #shortestUrgentPauseMs = Number.POSITIVE_INFINITY

  sessionOpened(): void {
    this.#sessionsOpened += 1
  }

  /** A command begins after a pause; the pause before the first command to a BMC is infinite. */
  command(pauseMs: number, urgency: 'urgent' | 'usual'): void {
    this.#commands += 1
    if (urgency === 'usual') this.#shortestPauseMs = Math.min(this.#shortestPauseMs, pauseMs)
    else this.#shortestUrgentPauseMs = Math.min(this.#shortestUrgentPauseMs, pauseMs)
  }

  figures(): Pick<
    BmcPoliteness,
    'commands' | 'sessionsOpened' | 'shortestPauseMs' | 'shortestUrgentPauseMs'
  > {
    return {
      commands: this.#commands,
      sessionsOpened: this.#sessionsOpened,
      shortestPauseMs: finite(this.#shortestPauseMs),
      shortestUrgentPauseMs: finite(this.#shortestUrgentPauseMs),
    }
  }
}

const finite = (pauseMs: number): number | null =>
  Number.isFinite(pauseMs) ? Math.floor(pauseMs) : null
