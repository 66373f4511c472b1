/**
 * The readiness checks of a process that depend on the bus: what each role may do there, and
 * whether an engine leads.
 */
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { LeasePort } from '../../actors/ports/lease.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import type { Config } from '../../schema/config.ts'
import { SAY_MS } from './heard-processes.ts'
import type { HealthBoard } from './health.ts'
import { leaderCheck } from './leader-check.ts'
import { busChecks } from './needs.ts'

export interface BusReadinessWorld {
  readonly clock: ClockPort
  readonly bus: BusPort
  readonly lease: LeasePort
  readonly board: HealthBoard
}

/** The checks of this process. */
export function busReadiness(
  { clock, bus, lease, board }: BusReadinessWorld,
  { bus: { cloud }, node: { roles }, lease: { ttlMs } }: Config,
): readonly ReadinessCheck[] {
  const leader = {
    clock,
    lease,
    leaderHeardAtMs: () => board.leaderHeardAtMs(),
    isEngineAlive: () => board.isEngineAlive(),
    // The last leader may have died just before its next message, and a new leader may send its
    // first message as late.
    graceMs: 2 * SAY_MS + ttlMs,
  }
  const need = roles.includes('engine') ? 'vital' : 'elsewhere'
  return [...busChecks(bus, cloud, roles), leaderCheck(leader, need)]
}
