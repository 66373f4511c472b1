/** What owners do with their instances while things break, and what they did before. */
import type { InstanceChange } from '../../transports/simulated/instance-switches.ts'
import type { OwnersAction } from '../../transports/simulated/instance-actions.ts'
import { draw } from '../../transports/simulated/random.ts'
import { pick, type FaultGenerator } from './fault-generator.ts'

/** Before anything breaks. */
const BEFORE_MS = 20_000

export const OWNER_FAULTS = {
  'odd-instances': ({ random, instances }) =>
    instances
      .filter(() => random.next() < 0.3)
      .map((instance) => ({
        atMs: BEFORE_MS,
        act: { do: 'put-instance', instance, change: pick(random, ODD) },
      })),
  'owners-act': ({ random, instances }, atMs) =>
    Array.from({ length: draw(random, [3, 20]) }, () => ({
      atMs: atMs + draw(random, [0, 40_000]),
      act: { do: 'owner-acts', instance: pick(random, instances), what: pick(random, ACTIONS) },
    })),
} as const satisfies Readonly<Record<string, FaultGenerator>>

const ACTIONS: readonly OwnersAction[] = [
  'stop',
  'start',
  'pause',
  'resize',
  'delete',
  'lock',
  'unlock',
]

/** At least one for every row of the table of instance states. */
const ODD: readonly InstanceChange[] = [
  { locked: true },
  { vmState: 'stopped', powerState: 4 },
  { vmState: 'stopped', powerState: 4, locked: true },
  { vmState: 'paused', powerState: 3 },
  { vmState: 'paused', powerState: 3, locked: true },
  { vmState: 'suspended', powerState: 4 },
  { vmState: 'rescued' },
  { vmState: 'resized' },
  { vmState: 'resized', powerState: 4 },
  { vmState: 'shelved', powerState: 4 },
  { vmState: 'shelved_offloaded', powerState: 4 },
  { vmState: 'building', powerState: 0, taskState: 'spawning' },
  { vmState: 'building', powerState: 0, taskState: 'networking' },
  { vmState: 'error', powerState: 0 },
  { taskState: 'migrating' },
  { taskState: 'resize_migrating' },
  { taskState: 'deleting' },
  { taskState: 'rebooting' },
  { taskState: 'image_snapshot' },
]
