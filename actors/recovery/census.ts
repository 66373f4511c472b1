/** All segments as one, for their common cap at the last moment before a recovery begins. Pure. */
import type { DecisionRules, Situation } from './decision.ts'
import { failureGroup } from './failure-group.ts'
import { approvedBy } from '../policy/operator-command.ts'
import { asOne, type Census } from './storm-guard.ts'

/** null when an operator has approved the recovery: then no cap applies. */
export function censusOf(
  situation: Pick<Situation, 'snapshot' | 'doubted' | 'cut'>,
  rules: Pick<DecisionRules, 'gatheringMs' | 'deadDomain'>,
): Census | null {
  const { commands, hostsOverall, hostsActedOnOverall } = situation.snapshot
  if (approvedBy(commands) !== undefined) return null
  return {
    hosts: hostsOverall.length,
    actedOn: new Set(hostsActedOnOverall),
    group: failureGroup(situation, hostsOverall, rules.gatheringMs),
    asOne: asOne(rules, situation.cut),
  }
}
