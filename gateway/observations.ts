/** What the watchers say about a host, in one word. */
import type { Observation } from '../actors/ports/observations.ts'
import type { HostState } from '../schema/messages/observation.ts'

/** Evidence of life counts most, and who sees nothing counts least. */
const WEIGHT: readonly HostState[] = ['alive', 'suspect', 'dead', 'misconfigured', 'blind']

/** The views in one word; `unknown` when nobody watches. */
export const summaryOf = (observations: readonly Observation[]): HostState | 'unknown' =>
  WEIGHT.find((state) => observations.some((observation) => observation.state === state)) ??
  'unknown'
