/** Faults of a whole rack: its link, its power, its power with the BMCs, or the way of one process to it. */
import { draw } from '../../transports/simulated/random.ts'
import { pick, type FaultGenerator, type TimedAct } from './fault-generator.ts'
import { ENGINES, MONITORS } from './process-names.ts'

/** From the cut to the repair: within the time of detection, and long after it, ms. */
const REPAIR_MS = [5000, 180_000] as const

/** Only for clouds with racks. */
export const RACK_FAULTS = {
  'rack-link-cut': ({ random, racks }, atMs) => {
    const rack = pick(random, racks)
    return [
      { atMs, act: { do: 'rack', rack, what: 'cut' } },
      { atMs: atMs + draw(random, REPAIR_MS), act: { do: 'rack', rack, what: 'mend' } },
    ]
  },
  'rack-power-lost': ({ random, racks }, atMs) => [
    { atMs, act: { do: 'rack', rack: pick(random, racks), what: 'crash' } },
  ],
  'rack-unplugged': ({ random, racks, hostsIn }, atMs) => {
    const rack = pick(random, racks)
    const backMs = atMs + draw(random, REPAIR_MS)
    const back = hostsIn(rack).map((host): TimedAct => ({
      atMs: backMs,
      act: { do: 'bmc', host, mood: 'well' },
    }))
    return [{ atMs, act: { do: 'rack', rack, what: 'unplug' } }, ...back]
  },
  'rack-out-of-reach': ({ random, racks }, atMs) => {
    const rack = pick(random, racks)
    const nodes = pick(random, [MONITORS, MONITORS.slice(0, 1), [...MONITORS, ...ENGINES]])
    const backMs = atMs + draw(random, REPAIR_MS)
    return nodes.flatMap((node): TimedAct[] => [
      { atMs, act: { do: 'lose-rack', node, rack } },
      { atMs: backMs, act: { do: 'reach-rack', node, rack } },
    ])
  },
} as const satisfies Readonly<Record<string, FaultGenerator>>
