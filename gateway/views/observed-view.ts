/** What the observers see of a host, in the words of the API; since 1.4. */
import { Type, type Static } from 'typebox'
import type { Observation } from '../../actors/ports/observations.ts'
import type { HostState } from '../../schema/messages/observation.ts'
import { timeText } from './times.ts'

/** One state for all observers, and the state that each of them reports. */
export const ObservedView = Type.Object({
  state: Type.String(),
  observers: Type.Array(
    Type.Object({
      observer: Type.String(),
      state: Type.String(),
      seen_at: Type.String(),
      evidence: Type.Array(Type.String()),
    }),
  ),
})

/** Evidence of life counts most, and an observer that sees nothing counts least. */
const WEIGHT: readonly HostState[] = [
  'alive',
  'suspect',
  'dead',
  'maintenance',
  'misconfigured',
  'blind',
]

/** One state for all observations; `unknown` when there is none. */
const summaryOf = (observations: readonly Observation[]): HostState | 'unknown' =>
  WEIGHT.find((state) => observations.some((observation) => observation.state === state)) ??
  'unknown'

/** The view of these observations. */
export const observedView = (views: readonly Observation[]): Static<typeof ObservedView> => ({
  state: summaryOf(views),
  observers: views.map(({ observer, state, seenAtWallMs, evidence }) => ({
    observer,
    state,
    seen_at: timeText(seenAtWallMs),
    evidence: [...evidence],
  })),
})
