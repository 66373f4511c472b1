/**
 * Forgets what ended long ago, hour by hour, while we lead. Pure.
 *
 * what is known → what follows
 *  rows are gone → it is logged
 *  no row was old enough → nothing
 *  the store is away → it is logged: nothing is lost by forgetting later
 *  it is logged → nothing
 */
import { assertNever } from '../kernel/assert-never.ts'
import { goOn, type PeriodicDecision } from '../kernel/periodic.ts'
import type { Purged } from '../ports/housekeeping-store.ts'

export type HousekeeperTask =
  | { readonly type: 'store.purge' }
  | { readonly type: 'log.purged'; readonly purged: Purged }
  | { readonly type: 'log.put-off'; readonly problem: string }

export type HousekeeperAnswer =
  | { readonly type: 'store.purged'; readonly purged: Purged }
  | { readonly type: 'store.away'; readonly problem: string }
  | { readonly type: 'log.written' }

/** It need not remember anything: what is old is still old in the next round. */
export function housekeeper(
  memory: null,
  answer: HousekeeperAnswer,
): PeriodicDecision<null, HousekeeperTask> {
  switch (answer.type) {
    case 'store.purged': {
      const { purged } = answer
      const rows = purged.notifications + purged.hosts + purged.segments
      return goOn(memory, rows > 0 ? [{ type: 'log.purged', purged }] : [])
    }
    case 'store.away':
      return goOn(memory, [{ type: 'log.put-off', problem: answer.problem }])
    case 'log.written':
      return goOn(memory)
    default:
      return assertNever(answer)
  }
}
