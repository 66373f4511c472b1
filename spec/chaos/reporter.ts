/** A client that reports faults over the REST API, and tries again until a gateway has accepted the report. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SeededRandom } from '../../transports/simulated/random.ts'
import type { ChaosWorld } from './world.ts'

const ANSWER_MS = 5000
const AGAIN_MS = 500

export interface Report {
  readonly type: 'COMPUTE_HOST' | 'VM' | 'PROCESS'
  readonly hostname: string
  readonly payload: Readonly<Record<string, string>>
}

export class Reporter {
  readonly #world: ChaosWorld
  readonly #random: SeededRandom
  readonly #signal: AbortSignal
  readonly #open = new Set<Promise<void>>()

  /** Reports that are not accepted when the signal aborts are given up. */
  constructor(world: ChaosWorld, random: SeededRandom, signal: AbortSignal) {
    this.#world = world
    this.#random = random
    this.#signal = signal
  }

  /** Returns at once. */
  report(report: Report): void {
    const trying = this.#try(report).finally(() => this.#open.delete(trying))
    this.#open.add(trying)
  }

  /** Resolves when nothing is being reported any more. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open)
  }

  async #try(report: Report): Promise<void> {
    const generated = new Date().toISOString().replace('Z', '')
    const body = JSON.stringify({ notification: { ...report, generated_time: generated } })
    while (!this.#signal.aborted) {
      if ((await this.#post(report, body)) === 'answered') return
      await sleep(AGAIN_MS)
    }
  }

  /** A refusal is an answer, too: a report may be a duplicate of one whose acceptance was lost. */
  async #post(report: Report, body: string): Promise<'answered' | 'again'> {
    const gateways = this.#world.ofRole('gateway')
    const gateway = gateways[Math.floor(this.#random.next() * gateways.length)]
    try {
      const answer = await fetch(`${gateway?.url}/v1/notifications`, {
        method: 'POST',
        body,
        signal: AbortSignal.timeout(ANSWER_MS),
        headers: { 'Content-Type': 'application/json', 'X-Auth-Token': this.#world.token },
      })
      const text = await answer.text()
      if (answer.status === 202) this.#accepted(report, text)
      return answer.status === 202 || [400, 404, 409].includes(answer.status) ? 'answered' : 'again'
    } catch {
      return 'again' // no connection, or no answer in time
    }
  }

  #accepted({ type, hostname }: Report, text: string): void {
    const [, notification] = /"notification_uuid":\s*"([^"]+)"/.exec(text) ?? []
    if (notification === undefined) throw new Error(`accepted without a uuid: ${text}`)
    const what = `${type} of ${hostname}`
    this.#world.truth.acceptances.push({ notification, what, atMs: Date.now() })
  }
}
