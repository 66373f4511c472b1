/** Takes up evacuations that turn out to be under way, so that nobody asks for them a second time. */
import { isOpen, judgeRecords, type MoveTrack } from './instance-move.ts'
import type { Moving } from './moving-state.ts'
import { isRebuilding } from './restoration.ts'

/** Takes up every request that turns out to be under way. */
export function adoptAll(state: Moving, atMs: number): Moving {
  const tracks = [...state.tracks].map(
    ([move, track]) => [move, adopt(state, track, atMs)] as const,
  )
  return { ...state, tracks: new Map(tracks) }
}

/** A request that we had given up may show its record late: it is under way after all. */
export function adopt(state: Moving, track: MoveTrack, atMs: number): MoveTrack {
  if (!['pending', 'unplaced'].includes(track.phase.kind)) return track
  if (track.attempts === 0) return adoptForeign(state, track, atMs)
  const verdict = judgeRecords(track, state.records, state.startedAt.get(track.move) ?? 0)
  if (verdict.kind !== 'under-way' && verdict.kind !== 'moved') return track
  const nova = verdict.kind === 'moved' ? 'begun' : verdict.nova
  return { ...track, target: verdict.dest, phase: { kind: 'ongoing', requestedAtMs: atMs, nova } }
}

/** Somebody else, or an earlier recovery, has asked for it: a second request would make it run twice. */
function adoptForeign(state: Moving, track: MoveTrack, atMs: number): MoveTrack {
  if (!isRebuilding(state.here.get(track.instance)?.taskState ?? null)) return track
  const verdict = judgeRecords({ ...track, olderRecords: [] }, state.records, 0)
  if (verdict.kind !== 'under-way') return track
  const ended = state.records.filter(({ status }) => !isOpen(status)).map(({ id }) => id)
  return {
    ...track,
    target: verdict.dest,
    olderRecords: ended,
    phase: { kind: 'ongoing', requestedAtMs: atMs, nova: verdict.nova },
  }
}
