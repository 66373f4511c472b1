/**
 * Hosts of one failure domain that fail together are not noticed in the same moment. When one is suspected, its observers ask its
 * neighbours at once; this says whether their answers are still to come. Pure.
 */
import { isOff, type HostSight } from './cut.ts'
import type { Observation } from '../ports/observations.ts'

/** A neighbour that answered so shortly before the suspicion has lived longer than the host that was being asked then, ms. */
const BEFORE_MS = 1000
/** How soon it is looked again whether they have answered, ms. */
const AGAIN_MS = 500

export interface Awaited {
  readonly reason: string
  /** When to decide again. */
  readonly leftMs: number
}

/** undefined when nobody has to be waited for: no neighbour is known, all have answered or are doubted, or the time is over. */
export function awaitedNeighbours(
  host: HostSight,
  sights: readonly HostSight[],
  { nowMs, longestMs }: { readonly nowMs: number; readonly longestMs: number },
): Awaited | undefined {
  const { doubtedSinceMs, domains } = host
  if (doubtedSinceMs === undefined) return undefined
  const remainingMs = doubtedSinceMs + longestMs - nowMs
  if (remainingMs <= 0) return undefined
  const observers = host.observations.filter(isDoubt).map(({ observer }) => observer)
  const domain = domains.find((each) => isRack(each, sights))
  const unheard = sights.filter(
    (each) =>
      each !== host &&
      domain !== undefined &&
      each.domains.includes(domain) &&
      each.service === 'in' &&
      (isUnsettled(each, host) ||
        (isAsked(each, observers) && (each.reachedAtMs ?? -Infinity) < doubtedSinceMs - BEFORE_MS)),
  )
  if (unheard.length === 0) return undefined
  const reason = `the other hosts of ${domain} are asked first, whether they fail too`
  return { reason, leftMs: Math.min(remainingMs, AGAIN_MS) }
}

/**
 * undefined unless neighbours that fell silent with the host are heard again: the link to them all was cut, and is whole again. Who is not
 * heard yet may not have been asked since. A host whose own power is read as off is not waited for.
 */
export function awaitedAfterReturn(
  host: HostSight,
  sights: readonly HostSight[],
  { nowMs, longestMs }: { readonly nowMs: number; readonly longestMs: number },
): Awaited | undefined {
  const { doubtedSinceMs, domains } = host
  if (doubtedSinceMs === undefined || isOff(host)) return undefined
  const domain = domains.find((each) => isRack(each, sights))
  const returnedAtMs = sights
    .filter((each) => each !== host && domain !== undefined && each.domains.includes(domain))
    .flatMap((each) => each.returnedAtMs ?? [])
    .filter((atMs) => atMs >= doubtedSinceMs)
  if (returnedAtMs.length === 0) return undefined
  // The first one shows since when the link is whole.
  const leftMs = Math.min(...returnedAtMs) + longestMs - nowMs
  if (leftMs <= 0) return undefined
  const reason = `other hosts of ${domain} are heard again: this one is asked again first`
  return { reason, leftMs }
}

/** Of a larger domain the neighbours are not asked at once (`host-watcher/watched-domains.ts`). */
const NEIGHBOURS_MAX = 64

const isRack = (domain: string, sights: readonly HostSight[]): boolean =>
  sights.filter(({ domains }) => domains.includes(domain)).length <= NEIGHBOURS_MAX + 1

const isDoubt = ({ state }: Observation): boolean => state === 'dead' || state === 'suspect'

/** The host is read as off, and of this one it is not known yet whether it has lost its power, too. */
const isUnsettled = (neighbour: HostSight, host: HostSight): boolean =>
  isOff(host) &&
  !isOff(neighbour) &&
  neighbour.observations.some(({ state }) => state === 'suspect') &&
  neighbour.observations.every(({ state }) => state !== 'dead')

/** Those who doubt the host watch this one too, over SSH, and nobody doubts it. */
const isAsked = ({ observations }: HostSight, observers: readonly string[]): boolean =>
  !observations.some(isDoubt) &&
  observations.some(
    ({ observer, channels = [] }) =>
      observers.includes(observer) &&
      channels.some(({ channel, meaning }) => channel === 'ssh' && meaning === 'life'),
  )
