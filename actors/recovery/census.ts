/** All segments as one, as their common cap sees them at the last moment before a recovery begins. Pure. */
import type { Situation } from './decision.ts'
import { failureGroup } from './failure-group.ts'
import { approvedBy } from '../policy/operator-command.ts'
import type { Census } from './storm-guard.ts'

/** Null when an operator has approved it: then no cap counts. */
export function censusOf(
  situation: Pick<Situation, 'snapshot' | 'doubted'>,
  gatheringMs: number,
): Census | null {
  const { commands, hostsOverall, hostsActedOnOverall } = situation.snapshot
  if (approvedBy(commands) !== undefined) return null
  return {
    hosts: hostsOverall.length,
    actedOn: new Set(hostsActedOnOverall),
    group: failureGroup(situation, hostsOverall, gatheringMs),
  }
}
