/**
 * Lets many host-years pass in which no host dies, and counts what the product makes of them. Only what may lead to a word of death is
 * simulated: the long runs of lost probes (`loss-runs.ts`), and every fault from its beginning until all is quiet again.
 *
 * A skip of quiet time is exact but for two things. Afterwards the moments at which hosts are asked are drawn anew: peace
 * intervals vary by a tenth, so that after hundreds of them nothing is left of the old moments. And what the leader remembers of
 * earlier lies and reports is forgotten, which makes it only more credulous.
 */
import { assignedTo } from '../../../actors/verification/assignment.ts'
import type { RandomPort } from '../../../actors/ports/clock.ts'
import { SeededRandom } from '../../../transports/simulated/random.ts'
import { FAULT_KINDS, logUniform, type FaultClass, type SceneFault } from './faults.ts'
import { failuresBefore, meanShortRun, shortRunShare } from './loss-runs.ts'
import { ANSWER_MS, monitorName } from './monitor.ts'
import { Scene, type SceneSettings, type SceneWatch } from './scene.ts'
import { HostYearsTally, YEAR_MS } from './tally.ts'

export interface HostYearsSettings extends SceneSettings {
  readonly seed: number
  /** So many times as often as usual. */
  readonly faultRate: number
  /** How many of the hosts are simulated after a skip for a long run of losses, when no fault is near. */
  readonly hostsOfLosses: number
  readonly skip: Skip
}

/** When quiet time is skipped. */
export interface Skip {
  /** A quiet time that is shorter is simulated, in intervals of SSH. Infinity: nothing is skipped. */
  readonly shortest: number
  /** So many intervals before the next loss or fault are simulated. */
  readonly left: number
}

/** After 200 intervals that vary by a tenth, 10⁻⁶ of the old moment is left; 8 of them are longer than any word is remembered. */
export const USUAL_SKIP: Skip = { shortest: 200, left: 8 }

/** How long after its end a fault is held responsible for what happens, ms. */
const AFTERMATH_MS = 60_000
/** A fault that begins within this time after a long run of losses may fall together with it, ms. */
const FAULT_NEAR_MS = 600_000
/** How often it is looked whether all is quiet again, ms. */
const STEP_MS = 500

interface NextFault {
  readonly kind: SceneFault
  atMs: number
}

export class HostYears {
  readonly tally = new HostYearsTally()
  readonly #settings: HostYearsSettings
  readonly #random: RandomPort
  readonly #next: readonly NextFault[]
  readonly #naive = new Map<string, number>()
  readonly #firstMonitors: readonly string[]
  #scene: Scene
  /** Of the scene, skipped time included. */
  #nowMs = 0
  #running = 0
  #blamed: { readonly of: FaultClass; untilMs: number } = { of: 'independent loss', untilMs: 0 }
  #hasVerdict = false

  constructor(settings: HostYearsSettings) {
    this.#settings = settings
    this.#random = new SeededRandom(settings.seed)
    this.#next = FAULT_KINDS.map((kind) => ({ kind, atMs: this.#drawGap(kind) }))
    this.#scene = this.#newScene()
    const running = Array.from({ length: settings.monitors }, (_, index) => monitorName(index))
    const monitors = new Map(running.map((name) => [name, 'running' as const]))
    this.#firstMonitors = this.#scene.cloud.hosts.map(
      ({ uuid }) => assignedTo(uuid, monitors, 1)[0] ?? '',
    )
  }

  async run(hostYears: number): Promise<HostYearsTally> {
    const endMs = (hostYears * YEAR_MS) / this.#settings.hosts
    while (this.#nowMs < endMs) {
      this.#skipQuiet(endMs)
      await this.#simulateEpisode(endMs)
    }
    this.tally.hostMs = this.#nowMs * this.#settings.hosts
    return this.tally
  }

  /** The mean time from one place where a run of losses may begin to the next one of the same sequence: a peace interval, and the run. */
  get #placeMs(): number {
    const { loss, rules } = this.#settings
    const { timing, sshTimeoutMs, samples } = rules.watcher
    const missMs = sshTimeoutMs + timing.sshBurstMs
    const runs = shortRunShare(loss, samples) * meanShortRun(loss, samples)
    return timing.sshPeaceMs + ANSWER_MS + runs * missMs
  }

  /** How many sequences of probes there are. */
  get #sequences(): number {
    return this.#settings.hosts * this.#settings.rules.observer.observersPerHost
  }

  /** Draws when the next long run of losses comes, and leaves out what is quiet until then, or until the next fault. */
  #skipQuiet(endMs: number): void {
    const { loss, skip, rules } = this.#settings
    if (skip.shortest === Infinity) return
    const samples = rules.watcher.samples
    const places = failuresBefore(this.#random, loss ** samples)
    const faultMs = Math.min(endMs, ...this.#next.map(({ atMs }) => atMs)) - this.#nowMs
    const intervals = Math.min(places / this.#sequences, faultMs / this.#placeMs)
    const { hosts, hostsOfLosses } = this.#settings
    if (intervals < skip.shortest) {
      if (this.#scene.settings.hosts < hosts) this.#scene = this.#newScene()
      this.#scene.runs.bound(places)
      return
    }
    const skipped = Math.floor((intervals - skip.left) * this.#sequences)
    this.#countSkipped(skipped)
    const isFaultNear = faultMs - this.#placeMs * intervals < FAULT_NEAR_MS
    const simulated = isFaultNear ? hosts : hostsOfLosses
    this.#scene = this.#newScene(simulated)
    this.#scene.runs.bound(Math.floor(((places - skipped) * simulated) / hosts))
  }

  /** Of so many places, each with a short run of losses or none. */
  #countSkipped(places: number): void {
    const { loss, rules } = this.#settings
    const { samples } = rules.watcher
    const share = shortRunShare(loss, samples)
    // The expected number: the true one varies by its root, which is a thousandth of it.
    const runs = Math.round(places * share)
    const misses = Math.round(runs * meanShortRun(loss, samples))
    this.tally.of('independent loss').suspicions += runs
    this.tally.misses += misses
    this.tally.probes += places + misses
    this.#nowMs += (places / this.#sequences) * this.#placeMs
  }

  /** Until something has happened, and all is quiet again; or until a host was condemned. */
  async #simulateEpisode(endMs: number): Promise<void> {
    this.tally.episodes += 1
    this.#hasVerdict = false
    let hasHappened = false
    const isPlain = this.#settings.skip.shortest === Infinity
    while (!this.#hasVerdict) {
      this.#beginFaults()
      await this.#scene.pass(STEP_MS)
      this.#nowMs += STEP_MS
      if (this.#nowMs >= endMs) return
      if (this.#running > 0) this.#scene.runs.free()
      hasHappened ||= !this.#scene.runs.isBounded
      if (!isPlain && this.#running === 0 && hasHappened && this.#scene.isQuiet) return
    }
    this.#scene = this.#newScene()
    this.#running = 0
  }

  #beginFaults(): void {
    for (const next of this.#next) {
      if (next.atMs > this.#nowMs) continue
      const { kind } = next
      next.atMs = this.#nowMs + this.#drawGap(kind)
      const forMs = logUniform(this.#random, kind.lasts)
      const scene = this.#scene
      this.tally.of(kind.of).faults += 1
      this.#blamed = { of: kind.of, untilMs: this.#nowMs + forMs + AFTERMATH_MS }
      this.#running += 1
      scene.runs.free()
      const end = kind.begin(scene, forMs)
      scene.clock.schedule(forMs, () => {
        end()
        if (scene === this.#scene) this.#running -= 1
      })
    }
  }

  #drawGap({ aYear }: SceneFault): number {
    const { faultRate } = this.#settings
    const meanMs = YEAR_MS / (aYear * faultRate)
    return -Math.log1p(-this.#random.next()) * meanMs
  }

  #newScene(hosts = this.#settings.hosts): Scene {
    this.#naive.clear()
    const settings = { ...this.#settings, hosts }
    const scene: Scene = new Scene(
      this.#random,
      settings,
      this.#watch(() => scene),
    )
    return scene
  }

  get #class(): FaultClass {
    return this.#nowMs < this.#blamed.untilMs ? this.#blamed.of : 'independent loss'
  }

  #watch(scene: () => Scene): SceneWatch {
    return {
      onProbed: (monitor, host, sign) => this.#onProbed(monitorName(monitor), host, sign),
      onState: (_host, state) => {
        if (state === 'suspect') this.tally.of(this.#class).suspicions += 1
      },
      onDeadWord: () => {
        if (scene().runs.isBounded) throw new Error('a word of death in time that may be skipped')
        this.tally.of(this.#class).deadWords += 1
      },
      onIncident: () => {
        this.tally.of(this.#class).incidents += 1
      },
      onVerdict: () => {
        if (!this.#hasVerdict) this.tally.of(this.#class).verdicts += 1
        this.#hasVerdict = true
      },
    }
  }

  #onProbed(monitor: string, host: number, sign: string): void {
    this.tally.probes += 1
    this.tally.probesSimulated += 1
    const isSilent = sign === 'silent'
    if (isSilent) this.tally.misses += 1
    if (this.#firstMonitors[host] !== monitor) return
    const name = `${monitor} ${host}`
    const row = isSilent ? (this.#naive.get(name) ?? 0) + 1 : 0
    this.#naive.set(name, row)
    if (row === this.#settings.rules.watcher.samples) {
      this.tally.of(this.#class).naiveDeaths += 1
    }
  }
}
