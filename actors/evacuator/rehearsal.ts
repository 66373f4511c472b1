/**
 * Tells which instance of a host would go where if the host died now, by the rules of an
 * evacuation. Requests nothing. Pure.
 */
import type { HostName, NotificationId } from '../../schema/ids.ts'
import type { Fate } from '../../schema/rehearsal.ts'
import { STAGES } from '../placement/stages.ts'
import { ANYWHERE, targetsOf } from '../placement/targets.ts'
import type { EvacuatorRules, Survey } from './evacuator-messages.ts'
import { NEVER_ASKED } from './move-track.ts'
import { Assignment, hostOf } from './places.ts'
import { selectInstances, type Selected, type Before } from './selection.ts'

/** What an evacuation would read. */
export type Prospect = Omit<Survey, 'evacuations' | keyof Before | 'takenByOthers' | 'atMs'>

type Rules = Pick<EvacuatorRules, 'placement'> & Parameters<typeof selectInstances>[1]

/** What would happen to each instance of the host, in the order of the requests. */
export function rehearse(
  failed: HostName,
  recovery: NotificationId,
  rules: Rules,
  prospect: Prospect,
): readonly Fate[] {
  const { placement } = rules
  const targets = targetsOf({ ...prospect, failed, recovery, placement })
  const stages = STAGES[prospect.method]
  const places = {
    stages,
    targets,
    uncounted: new Set<never>(),
    takenByOthers: new Map<never, never>(),
    demands: prospect.demands,
  }
  const assignment = new Assignment(places, [], 0)
  return selectInstances(prospect.instances, rules, prospect.disks).map((selected) =>
    fateOf(selected, assignment),
  )
}

function fateOf({ instance, verdict }: Selected, assignment: Assignment): Fate {
  const about = { instance: instance.id, name: instance.name, target: null }
  if (verdict.kind === 'leave') return { ...about, fate: 'leave', reason: verdict.reason }
  const unsuitable = assignment.explain({ instance: instance.id })
  const choice = assignment.choose({
    instance: instance.id,
    needs: instance.needs,
    refusedBy: [],
    refusals: new Map(),
    scheduler: NEVER_ASKED,
  })
  if (choice.kind !== 'target') return { ...about, fate: 'wait', reason: choice.reason }
  const { name, state } = choice.target
  const remarks = [
    ...(name === ANYWHERE ? ["Nova's scheduler chooses the host"] : []),
    ...(state === 'inactive' ? ['the reserved host is taken into service for it'] : []),
    ...(unsuitable === '' ? [] : [unsuitable]),
    ...(verdict.note === null ? [] : [verdict.note]),
  ]
  const reason = remarks.length === 0 ? null : remarks.join('; ')
  return { ...about, fate: 'move', target: hostOf(name), reason }
}
