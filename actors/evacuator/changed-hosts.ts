/** Hosts that may answer otherwise now than when Nova's scheduler did not accept them. Pure. */
import type { HostName, MoveId } from '../../schema/ids.ts'
import { amountsOf } from '../../schema/resources.ts'
import type { Target } from '../placement/targets.ts'
import type { MoveTrack } from './instance-move.ts'
import { hostOf, type Places } from './places.ts'

/** Those that have come back into the choice, or of which more is free in any class. */
export function changedHosts(before: Places, after: Places): ReadonlySet<HostName> {
  const known = new Map(before.targets.map((target) => [target.name, target]))
  const changed = after.targets.filter((target) => hasMore(known.get(target.name), target))
  return new Set(changed.flatMap(({ name }) => hostOf(name) ?? []))
}

function hasMore(before: Target | undefined, after: Target): boolean {
  if (before === undefined) return true
  if (before.room === null || after.room === null) return false
  const had = amountsOf(before.room.free)
  return [...amountsOf(after.room.free)].some(([name, free]) => free > (had.get(name) ?? 0))
}

/** The tracks, in which the pauses of these hosts are over. They stay asked as often as they were. */
export function withoutPauses(
  tracks: ReadonlyMap<MoveId, MoveTrack>,
  hosts: ReadonlySet<HostName>,
  nowMs: number,
): ReadonlyMap<MoveId, MoveTrack> {
  if (hosts.size === 0) return tracks
  return new Map(
    [...tracks].map(([move, track]) => {
      const refusals = [...track.refusals].map(([name, pair]) => {
        const host = hostOf(name)
        const isChanged = host !== null && hosts.has(host) && pair.askAgainAtMs > nowMs
        return [name, isChanged ? { ...pair, askAgainAtMs: nowMs } : pair] as const
      })
      return [move, track.refusals.size === 0 ? track : { ...track, refusals: new Map(refusals) }]
    }),
  )
}
