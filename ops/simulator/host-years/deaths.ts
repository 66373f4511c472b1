/** Hosts that die, or are cut off from everybody, in a scene of the host-years: whether and when the product would fence them. */
import { SeededRandom } from '../../../transports/simulated/random.ts'
import type { PowerState } from '../../../actors/ports/power.ts'
import { Scene, type SceneSettings } from './scene.ts'

/** Until everybody has heard everybody, and then at any moment of an interval, ms. */
const BEFORE_MS = 30_000
const SPREAD_MS = 5000
const STEP_MS = 100

export interface DeathOutcome {
  /** From the death to the order, or the certificate; undefined when neither came in time. */
  readonly fencedMs: number | undefined
  /** Whether the same would have happened to a host that lives. */
  readonly othersFenced: boolean
}

/** One death; `power` is what the BMC reads afterwards. */
export const die = (
  settings: SceneSettings,
  seed: number,
  { power, limitMs }: { readonly power: PowerState; readonly limitMs: number },
): Promise<DeathOutcome> => fateOf(settings, seed, limitMs, ({ cloud }) => cloud.kill(0, power))

/** One host lives and is cut off from everybody, on every channel but its BMC, for so long. */
export const isolate = (
  settings: SceneSettings,
  seed: number,
  forMs: number,
): Promise<DeathOutcome> =>
  fateOf(settings, seed, forMs + AFTERMATH_MS, ({ clock, paths }) => {
    const fault = {
      covers: ({ host, by }: { readonly host: number | undefined; readonly by: string }) =>
        host === 0 && by !== 'bmc',
      loss: 1,
    }
    paths.begin(fault)
    clock.schedule(forMs, () => paths.end(fault))
  })

const AFTERMATH_MS = 20_000

async function fateOf(
  settings: SceneSettings,
  seed: number,
  limitMs: number,
  strike: (scene: Scene) => void,
): Promise<DeathOutcome> {
  const fenced = new Set<number>()
  const random = new SeededRandom(seed)
  const scene = new Scene(random, settings, {
    onProbed() {},
    onState() {},
    onDeadWord() {},
    onIncident() {},
    onVerdict: (host) => void fenced.add(host),
  })
  await scene.pass(BEFORE_MS + Math.floor(random.next() * SPREAD_MS))
  strike(scene)
  let passedMs = 0
  while (!fenced.has(0) && passedMs < limitMs) {
    await scene.pass(STEP_MS)
    passedMs += STEP_MS
  }
  const fencedMs = fenced.has(0) ? passedMs : undefined
  return { fencedMs, othersFenced: [...fenced].some((host) => host !== 0) }
}
