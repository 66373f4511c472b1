/** The simulator can fail: each promise, broken on purpose, is reported within 200 seeds, and the same seed is clean otherwise. */
import test from 'ava'
import type { Sabotage } from '../../ops/simulator/deployment.ts'
import { planFaults, type FaultKind } from '../../ops/simulator/fault-plan.ts'
import type { Layout } from '../../ops/simulator/layout.ts'
import { FULL_SIZE, runSeed, SMALL_SIZE, type RunReport } from '../../ops/simulator/run-seed.ts'
import {
  actWhileBlind,
  believeLoneVoices,
  countRefusals,
  enableForOperators,
  evacuateBeforeTheFence,
  forgetRestarts,
  forgetStates,
  forgetTheEpoch,
  forgetWhatWasAsked,
  goOnAfterCancel,
  goOnAfterPause,
  goOnAfterStop,
  ignoreLife,
  ignoreOperators,
  ignoreUsers,
  keepLocks,
  keepSpares,
  leaveInError,
  leaveStopped,
  leaveTheSegment,
  neverAskForGuests,
  neverLook,
  noStormGuard,
  withoutCap,
} from './sabotages.ts'
import { defaultRules } from './story.ts'

const SEEDS_MAX = 200

interface Case {
  readonly title: string
  readonly sabotage: Sabotage
  readonly promise: string
  /** Seeds without any of these faults are passed over: the rule does not matter in them. */
  readonly needs: readonly FaultKind[]
  /** Small ones if not said. */
  readonly size?: Layout
}

const CASES: readonly Case[] = [
  {
    title: 'an evacuation before the fence',
    sabotage: evacuateBeforeTheFence,
    promise: 'I2',
    needs: ['host-hang', 'host-cut-off'],
  },
  {
    title: 'a leader that forgets the epoch',
    sabotage: forgetTheEpoch,
    promise: 'I4',
    needs: ['engine-frozen', 'cut-from-bus'],
  },
  {
    title: 'an observer that acts while blind',
    sabotage: actWhileBlind,
    promise: 'I7',
    needs: ['monitors-isolated', 'monitor-frozen'],
  },
  {
    title: 'an engine deaf to signs of life',
    sabotage: ignoreLife,
    promise: 'I7',
    needs: ['false-report'],
  },
  {
    title: 'a leader that does not look before it fences',
    sabotage: neverLook,
    promise: 'I7',
    needs: ['observers-lie-dead'],
  },
  {
    title: 'a leader that believes whatever is said of a guest',
    sabotage: neverAskForGuests,
    promise: 'I7',
    needs: ['guest-falsely-reported'],
  },
  {
    title: 'an engine that believes a lone voice of life',
    sabotage: believeLoneVoices,
    promise: 'L4',
    needs: ['observer-lies-alive'],
  },
  {
    title: 'a storm without its guard',
    sabotage: noStormGuard,
    promise: 'I6',
    needs: ['rack-crash'],
  },
  {
    title: 'an engine that ignores operators',
    sabotage: ignoreOperators,
    promise: 'I8',
    needs: ['segment-disabled', 'maintenance'],
  },
  {
    title: 'an engine that leaves stopped what ran before the fault',
    sabotage: leaveStopped,
    promise: 'A2',
    needs: ['host-returns', 'host-reboot'],
    size: FULL_SIZE,
  },
  {
    title: 'an engine that goes on after a pause',
    sabotage: goOnAfterPause,
    promise: 'I8',
    needs: ['operator-pauses'],
    size: FULL_SIZE,
  },
  {
    title: 'an engine that goes on after a cancel',
    sabotage: goOnAfterCancel,
    promise: 'I8',
    needs: ['operator-cancels'],
  },
  {
    title: 'an engine that goes on after a global stop',
    sabotage: goOnAfterStop,
    promise: 'I8',
    needs: ['operator-stops-all'],
  },
  {
    title: 'an engine that forgets what an instance was',
    sabotage: forgetStates,
    promise: 'A2',
    needs: ['odd-instances'],
  },
  {
    title: 'an engine that keeps its locks',
    sabotage: keepLocks,
    promise: 'A7',
    needs: ['odd-instances'],
  },
  {
    title: 'an evacuation that may leave its segment',
    sabotage: leaveTheSegment,
    promise: 'B5',
    needs: ['host-crash'],
  },
  {
    title: "an engine that counts what Nova's scheduler does not accept as attempts",
    sabotage: countRefusals,
    promise: 'L4',
    needs: ['hidden-filters'],
  },
  {
    title: 'an engine that leaves in error what was refused',
    sabotage: leaveInError,
    promise: 'A2',
    needs: ['hidden-filters'],
  },
  {
    title: 'a spare that is never given back',
    sabotage: keepSpares,
    promise: 'B6',
    needs: ['host-crash'],
  },
  {
    title: 'a second evacuation by a new leader',
    sabotage: forgetWhatWasAsked,
    promise: 'I3',
    needs: ['engine-killed', 'engine-killed-at-call', 'engine-frozen'],
    size: FULL_SIZE,
  },
  {
    title: 'an engine that starts what users have stopped',
    sabotage: ignoreUsers,
    promise: 'I8',
    needs: ['user-stops'],
  },
  ...(['overall', 'perSegment', 'perTarget'] as const).map((which) => ({
    title: `an engine without the cap ${which}`,
    sabotage: withoutCap(which),
    promise: `cap ${which}`,
    needs: ['host-crash', 'rack-crash'] as const,
  })),
  {
    title: 'an engine that enables what an operator has disabled',
    sabotage: enableForOperators,
    promise: 'I8',
    needs: ['operator-disables'],
  },
  {
    title: 'an engine that forgets how often it restarted a guest',
    sabotage: forgetRestarts,
    promise: 'I6',
    needs: ['guest-crash-loop'],
  },
]

for (const { title, sabotage, promise, needs, size = SMALL_SIZE } of CASES) {
  test(`${title} is found within ${SEEDS_MAX} seeds`, async (t) => {
    const rules = defaultRules()
    for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
      const kinds = planFaults(seed, size).map(({ kind }) => kind)
      if (!needs.some((kind) => kinds.includes(kind))) continue
      const run = { seed, size, rules }
      const broken = await runSeed({ ...run, sabotage })
      if (!breaks(broken, promise)) continue
      t.log(`seed ${seed}: ${broken.violations[0]}`)
      const { violations } = await runSeed(run)
      t.deepEqual(violations, [], `seed ${seed} without sabotage`)
      return
    }
    t.fail(`no violation of ${promise} in ${SEEDS_MAX} seeds`)
  })
}

const breaks = ({ violations }: RunReport, promise: string): boolean =>
  violations.some((violation) => violation.startsWith(promise))
