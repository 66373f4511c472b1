/** The faults of the host-years: what they do to a scene, how often they come, and how long they last. All hosts live meanwhile. */
import type { RandomPort } from '../../../actors/ports/clock.ts'
import type { Path, PathFault } from './paths.ts'
import type { LyingWord, Scene } from './scene.ts'
import { rackOf } from './small-cloud.ts'
import type { SimulatedProcess } from './simulated-process.ts'

export const FAULT_CLASSES = [
  'independent loss',
  'bursts of loss',
  'stalls',
  'clock steps',
  'lying observers',
  'dying observers',
] as const
export type FaultClass = (typeof FAULT_CLASSES)[number]

export interface SceneFault {
  readonly name: string
  readonly of: FaultClass
  /** Times a year in one scene. */
  readonly aYear: number
  /** Milliseconds; drawn between them, each order of magnitude as often as the others. */
  readonly lasts: readonly [shortest: number, longest: number]
  /** Begins it; the returned function ends it. */
  readonly begin: (scene: Scene, forMs: number) => () => void
}

const pick = (random: RandomPort, count: number): number => Math.floor(random.next() * count)

export const logUniform = (random: RandomPort, [from, to]: readonly [number, number]): number =>
  Math.round(from * (to / from) ** random.next())

const onPaths =
  (loss: number, draw: (scene: Scene) => (path: Path) => boolean) =>
  (scene: Scene): (() => void) => {
    const fault: PathFault = { covers: draw(scene), loss }
    scene.paths.begin(fault)
    return () => scene.paths.end(fault)
  }

const hostOf = ({ random, settings }: Scene): number => pick(random, settings.hosts)
const monitorOf = ({ random, settings }: Scene): number => pick(random, settings.monitors)

/** Everything between one host and the others but its BMC, which has a network of its own. */
const touches = (path: Path, host: number): boolean => path.host === host && path.by !== 'bmc'

/**
 * No longer than this is one host cut off from everybody, on every channel but its BMC, ms. What is cut off for longer cannot be told from a
 * hung kernel by anyone and is fenced: `isolationShares` measures from when on.
 */
export const ISOLATION_MS_MAX = 8000

const bursts: readonly SceneFault[] = [
  {
    name: 'one way between a monitor and a host is cut',
    of: 'bursts of loss',
    aYear: 3,
    lasts: [1000, 120_000],
    begin: onPaths(1, (scene) => {
      const [monitor, host] = [monitorOf(scene), hostOf(scene)]
      return (path) => path.from === monitor && path.host === host
    }),
  },
  {
    name: 'a monitor is cut off from all hosts',
    of: 'bursts of loss',
    aYear: 3,
    lasts: [1000, 120_000],
    begin: onPaths(1, (scene) => {
      const monitor = monitorOf(scene)
      return (path) => path.from === monitor && path.by !== 'word' && path.by !== 'nova'
    }),
  },
  {
    name: 'a monitor is cut off from everything',
    of: 'bursts of loss',
    aYear: 3,
    lasts: [1000, 120_000],
    begin: onPaths(1, (scene) => {
      const monitor = monitorOf(scene)
      return (path) => path.from === monitor
    }),
  },
  {
    name: 'one host is cut off from everybody for a moment',
    of: 'bursts of loss',
    aYear: 3,
    lasts: [500, ISOLATION_MS_MAX],
    begin: onPaths(1, (scene) => {
      const host = hostOf(scene)
      return (path) => touches(path, host)
    }),
  },
  {
    name: 'a rack is cut off from everybody',
    of: 'bursts of loss',
    aYear: 3,
    lasts: [1000, 120_000],
    begin: onPaths(1, (scene) => {
      const rack = rackOf(hostOf(scene))
      return ({ host, by }) => host !== undefined && rackOf(host) === rack && by !== 'bmc'
    }),
  },
  {
    name: 'all hosts are cut off from everybody',
    of: 'bursts of loss',
    aYear: 3,
    lasts: [1000, 120_000],
    begin: onPaths(
      1,
      () =>
        ({ host, by }) =>
          host !== undefined && by !== 'bmc',
    ),
  },
  {
    name: 'every path loses a share of five in a hundred more',
    of: 'bursts of loss',
    aYear: 3,
    lasts: [10_000, 120_000],
    begin: onPaths(0.05, () => () => true),
  },
]

/** Some process: a monitor, or the leader. */
function processOf(scene: Scene): SimulatedProcess {
  const { monitors } = scene.settings
  const chosen = pick(scene.random, monitors + 1)
  return scene.monitor(chosen)?.process ?? scene.leader.process
}

const nothing = (): void => {}

const stalls: readonly SceneFault[] = [
  {
    name: 'a process stands still',
    of: 'stalls',
    aYear: 6,
    lasts: [200, 60_000],
    begin: (scene, forMs) => {
      processOf(scene).stall(forMs)
      return nothing
    },
  },
  {
    name: 'a process stands still again and again',
    of: 'stalls',
    aYear: 3,
    lasts: [10_000, 60_000],
    begin: (scene, forMs) => {
      const process = processOf(scene)
      const untilMs = scene.clock.monotonicMs() + forMs
      const again = (): void => {
        if (scene.clock.monotonicMs() >= untilMs) return
        const standsMs = logUniform(scene.random, [100, 5000])
        process.stall(standsMs)
        scene.clock.schedule(standsMs + logUniform(scene.random, [50, 2000]), again)
      }
      again()
      return nothing
    },
  },
]

/** An hour ahead or back, as a wrong time zone, and everything below it. */
const stepMs = (random: RandomPort): number =>
  logUniform(random, [1000, 3_600_000]) * (random.next() < 0.5 ? 1 : -1)

const clocks: readonly SceneFault[] = [
  {
    name: 'the wall clock of a process, or of Nova, is set',
    of: 'clock steps',
    aYear: 6,
    lasts: [30_000, 60_000],
    begin: (scene) => {
      const byMs = stepMs(scene.random)
      if (pick(scene.random, 3) === 0) scene.cloud.stepNova(byMs)
      else processOf(scene).stepWall(byMs)
      return nothing
    },
  },
  {
    name: 'a machine is suspended with its clock',
    of: 'clock steps',
    aYear: 3,
    lasts: [500, 60_000],
    begin: (scene, forMs) => {
      processOf(scene).suspend(forMs)
      return nothing
    },
  },
]

const DEAD: LyingWord = {
  state: 'dead',
  channels: [
    { channel: 'ssh', meaning: 'silence', ageMs: 0 },
    { channel: 'power', meaning: 'off', ageMs: 0 },
  ],
}
const ALIVE: LyingWord = {
  state: 'alive',
  channels: [{ channel: 'ssh', meaning: 'life', ageMs: 0 }],
}

const observers: readonly SceneFault[] = [
  {
    name: 'a monitor calls every host dead',
    of: 'lying observers',
    aYear: 3,
    lasts: [30_000, 120_000],
    begin: (scene) => scene.lie(monitorOf(scene), 1000, () => DEAD),
  },
  {
    name: 'a monitor calls hosts dead and alive by turns',
    of: 'lying observers',
    aYear: 3,
    lasts: [30_000, 120_000],
    begin: (scene) =>
      scene.lie(monitorOf(scene), 1000, () => (scene.random.next() < 0.5 ? DEAD : ALIVE)),
  },
  {
    name: 'a monitor dies and comes back',
    of: 'dying observers',
    aYear: 6,
    lasts: [2000, 300_000],
    begin: (scene) => {
      const monitor = monitorOf(scene)
      scene.crashMonitor(monitor)
      return () => scene.startMonitor(monitor)
    },
  },
]

export const FAULT_KINDS: readonly SceneFault[] = [...bursts, ...stalls, ...clocks, ...observers]
