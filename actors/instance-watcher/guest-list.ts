/** Which guests run on this host, as the engine is told: what is said of each, and when it is said again. Pure. */
import { GUESTS_MAX, type ListedGuest } from '../../schema/messages/observation.ts'
import type { WatchedGuest } from './watched-guest.ts'

/** A list in which nothing is new is told again after this time, ms: an engine that has just begun to lead waits no longer. */
const AGAIN_MS = 60_000
/** While a guest is this young, or has answered for no longer, ms, the engine may wait for it: a lost list is soon told again. */
const YOUNG_MS = 60_000
/** Between two lists in which only ages are new, ms. */
const YOUNG_AGAIN_MS = 5000

/** All guests that run; of too many those that have run for the shortest time. */
export function listOf(guests: Iterable<WatchedGuest>, atMs: number): readonly ListedGuest[] {
  const listed = [...guests].filter(({ power }) => power === 'running').map(oneAt(atMs))
  return listed.length <= GUESTS_MAX
    ? listed
    : listed.toSorted((one, other) => one.runsForMs - other.runsForMs).slice(0, GUESTS_MAX)
}

const oneAt =
  (atMs: number) =>
  ({ instance, agent, health, runsSinceMs, answersSinceMs }: WatchedGuest): ListedGuest => {
    const about = { instance, runsForMs: Math.round(atMs - runsSinceMs) }
    if (agent === 'none') return { ...about, agent: 'none' }
    if (answersSinceMs === undefined) return { ...about, agent: 'silent' }
    const answersForMs = Math.round(atMs - answersSinceMs)
    return { ...about, agent: health.missed > 0 ? 'silent' : 'answers', answersForMs }
  }

/** Whether the list is told now. */
export function isDue(
  guests: Iterable<WatchedGuest>,
  toldAtMs: number | undefined,
  atMs: number,
): boolean {
  if (toldAtMs === undefined) return true
  const agoMs = atMs - toldAtMs
  if (agoMs >= AGAIN_MS) return true
  for (const { runsSinceMs, answersSinceMs = runsSinceMs, power } of guests) {
    if (power !== 'running') continue
    const sinceMs = Math.max(runsSinceMs, answersSinceMs)
    if (sinceMs > toldAtMs) return true
    if (agoMs >= YOUNG_AGAIN_MS && atMs - sinceMs < YOUNG_MS) return true
  }
  return false
}
