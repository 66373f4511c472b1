/** Whether an evacuation that was given up has succeeded after all. Pure. */
import type { HostName } from '../../schema/ids.ts'
import type { VmMove } from '../../schema/records.ts'
import { CLOCK_SKEW_MS, isMoved } from '../evacuator/apply-records.ts'
import type { Evacuation } from '../ports/compute.ts'

type GivenUp = Pick<VmMove, 'instance' | 'createdAt' | 'endedAt'>

/** Where it went. A record of before the plan, or of after the end, belongs to another recovery. */
export function lateCompletion(
  { instance, createdAt, endedAt }: GivenUp,
  records: readonly Evacuation[],
): HostName | undefined {
  const ours = records.find(
    (record) =>
      record.instance === instance &&
      isMoved(record.status) &&
      record.createdAt >= createdAt - CLOCK_SKEW_MS &&
      record.createdAt <= (endedAt ?? 0),
  )
  return ours?.dest ?? undefined
}
