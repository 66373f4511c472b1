/** Forgets what ended long ago, hour by hour, while we lead. */
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'

export type HousekeeperMessage =
  | { readonly type: 'housekeeping.begin' } // first message
  | { readonly type: 'housekeeping.due' } // private: our own timer
  | { readonly type: 'housekeeping.ended' } // private: purged, or the store is away

export interface HousekeeperState {
  readonly kind: 'keeping-house'
}

export interface HousekeeperEffect {
  readonly type: 'store.purge'
}

type HousekeeperStep = Step<HousekeeperState, HousekeeperEffect | KernelEffect<HousekeeperMessage>>

/** A new leader has more urgent things to do. */
const FIRST_MS = 600_000
/** What is deleted is days old. A failed purge may wait for the next one. */
const INTERVAL_MS = 3_600_000

export function housekeeper(state: HousekeeperState, message: HousekeeperMessage): HousekeeperStep {
  switch (message.type) {
    case 'housekeeping.begin':
      return [state, [dueIn(FIRST_MS)]]
    case 'housekeeping.due':
      return [state, [{ type: 'store.purge' }]]
    case 'housekeeping.ended':
      return [state, [dueIn(INTERVAL_MS)]]
    default:
      return assertNever(message)
  }
}

const dueIn = (afterMs: number): KernelEffect<HousekeeperMessage> => ({
  type: 'timer.start',
  name: 'purge',
  afterMs,
  message: { type: 'housekeeping.due' },
})
