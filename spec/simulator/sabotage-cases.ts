/** The sabotages, with the seeds that may find them. */
import type { Sabotage } from '../../ops/simulator/deployment.ts'
import type { FaultKind } from '../../ops/simulator/fault-plan.ts'
import type { Layout } from '../../ops/simulator/layout.ts'
import { FULL_SIZE } from '../../ops/simulator/run-seed.ts'
import { compareNoEpochs, forgetTheEpoch, neverStopByOwnClock } from './leadership-sabotages.ts'
import {
  actWithoutReason,
  forgetReports,
  ignoreWithoutReason,
  leaveOthersWork,
  waitForTheBmc,
} from './liveness-sabotages.ts'
import {
  actWhileBlind,
  askAgainAtOnce,
  believeLoneVoices,
  countRefusals,
  enableForcedDown,
  enableForOperators,
  evacuateBeforeTheFence,
  forgetRestarts,
  forgetStates,
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
  neverEnable,
  neverLook,
  overlookCutLinks,
  noStormGuard,
  stayInAggregates,
  takeDisksForShared,
  withoutCap,
} from './sabotages.ts'

/** One sabotage, and the report by which the simulator finds it. */
export interface SabotageCase {
  readonly title: string
  readonly sabotage: Sabotage
  /** The beginning of the violation: a promise, a known fault of Masakari, or a cap. */
  readonly promise: string
  /** Seeds without any of these faults are skipped, because the rule does not matter in them. */
  readonly needs: readonly FaultKind[]
  /** The size of the cloud; small by default. */
  readonly size?: Layout
}

/** Every sabotage is found by a seed. `ops/docs/promises.md` names each of them. */
export const SABOTAGE_CASES: readonly SabotageCase[] = [
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
    title: 'a leader that does not stop by its own clock',
    sabotage: neverStopByOwnClock,
    promise: 'I4',
    needs: ['cut-from-bus'],
  },
  {
    title: 'a store that compares no epochs',
    sabotage: compareNoEpochs,
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
    title: 'an engine that overlooks a cut link',
    sabotage: overlookCutLinks,
    promise: 'I7',
    needs: ['rack-link-cut'],
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
    title: 'a spare that stays in an aggregate',
    sabotage: stayInAggregates,
    promise: 'B11',
    needs: ['host-returns', 'host-reboot'],
  },
  {
    title: 'an engine that never enables what it has disabled',
    sabotage: neverEnable,
    promise: 'A18',
    needs: ['process-dies'],
  },
  {
    title: 'an engine that asks a busy Nova again at once',
    sabotage: askAgainAtOnce,
    promise: 'Retry-After',
    needs: ['nova-trouble'],
  },
  {
    title: 'a second evacuation by a new leader',
    sabotage: forgetWhatWasAsked,
    promise: 'I3',
    needs: ['engine-frozen'],
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
  {
    title: 'an engine that takes local disks for shared ones',
    sabotage: takeDisksForShared,
    promise: 'I9',
    needs: ['local-disks'],
  },
  {
    title: 'an engine that enables a host which is still forced down',
    sabotage: enableForcedDown,
    promise: 'I10',
    needs: ['host-returns', 'host-reboot'],
  },
  {
    title: 'an engine that forgets what was reported',
    sabotage: forgetReports,
    promise: 'L1',
    needs: ['host-crash'],
  },
  {
    title: 'a leader that leaves the work of another leader',
    sabotage: leaveOthersWork,
    promise: 'L1',
    needs: ['engine-killed', 'engine-killed-at-call'],
  },
  {
    title: 'a fence that waits for its BMC without end',
    sabotage: waitForTheBmc,
    promise: 'L1',
    needs: ['bmc-trouble', 'host-unplugged'],
  },
  {
    title: 'an engine that acts and does not say why',
    sabotage: actWithoutReason,
    promise: 'E1',
    needs: ['host-crash'],
  },
  {
    title: 'an engine that ignores a report and does not say why',
    sabotage: ignoreWithoutReason,
    promise: 'E2',
    needs: ['false-report', 'segment-disabled', 'user-stops'],
  },
]
