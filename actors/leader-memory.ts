/**
 * What a leader remembers beside its actors' states and the store. Each leader begins with a new memory, and what acts with its epoch
 * is given this one only: what an earlier leader in the same process had heard or booked counts no more (promise I4). What lives
 * longer than a leader, and why, is listed in ARCHITECTURE.md.
 */
import { StaleEpochError } from '../schema/errors.ts'
import type { Epoch } from '../schema/ids.ts'
import { Roster } from './dedup-window/roster.ts'
import { ComputeNews } from './evacuator/compute-news.ts'
import { ConcurrencyLimiter } from './evacuator/concurrency-limiter.ts'
import type { Caps } from './evacuator/fair-share.ts'
import { PowerRechecks } from './fence/power-recheck.ts'
import { Bookings } from './placement/bookings.ts'
import { GuestLists } from './guest-follower/guest-lists.ts'
import type { ClockPort } from './ports/clock.ts'
import { DomainBook, type DomainBookWorld } from './verification/domain-book.ts'
import { InFlight } from './recovery/in-flight.ts'
import { EarlyProbes } from './verification/early-probes.ts'
import { HostBeats } from './verification/host-beats.ts'
import { HostObservations } from './verification/host-observations.ts'

export interface LeaderMemory {
  readonly roster: Roster
  readonly observations: HostObservations
  readonly earlyProbes: EarlyProbes
  readonly hostBeats: HostBeats
  readonly domains: DomainBook
  readonly inFlight: InFlight
  readonly powerRechecks: PowerRechecks
  readonly bookings: Bookings
  readonly limiter: ConcurrencyLimiter
  readonly news: ComputeNews
  readonly guestLists: GuestLists
}

export interface MemoryWorld extends Omit<DomainBookWorld, 'observations'> {
  readonly clock: ClockPort
  readonly freshMs: number
  readonly caps: Caps
  /** How many monitors watch one host. */
  readonly observersPerHost: number
  /** Counts an observation that does not count, for as long as the process lives. */
  readonly countStranger: () => void
  /** Counts a message that cannot be decoded. */
  readonly countParked: () => void
}

/** The memory of the latest leader in this process. */
export class LeaderMemories {
  readonly #world: MemoryWorld
  #latest: { readonly epoch: Epoch; readonly memory: LeaderMemory } | undefined

  constructor(world: MemoryWorld) {
    this.#world = world
  }

  /** A leader begins, and with it a new memory. */
  begin(epoch: Epoch): LeaderMemory {
    const memory = newLeaderMemory(this.#world)
    this.#latest = { epoch, memory }
    return memory
  }

  /** The memory of that leader. Throws STALE_EPOCH when another one has begun since. */
  of(epoch: Epoch): LeaderMemory {
    if (this.#latest?.epoch !== epoch) {
      throw new StaleEpochError(epoch, `the leader of epoch ${epoch} and its memory are gone`)
    }
    return this.#latest.memory
  }
}

function newLeaderMemory(world: MemoryWorld): LeaderMemory {
  const { clock, freshMs, caps, observersPerHost, countStranger, countParked } = world
  const observations = new HostObservations(clock, freshMs)
  return {
    roster: new Roster(observersPerHost, countStranger),
    observations,
    earlyProbes: new EarlyProbes(clock),
    hostBeats: new HostBeats(countParked),
    domains: new DomainBook({ ...world, observations }),
    inFlight: new InFlight(),
    powerRechecks: new PowerRechecks(clock),
    bookings: new Bookings(clock),
    limiter: new ConcurrencyLimiter(clock, caps),
    news: new ComputeNews(),
    guestLists: new GuestLists(countParked),
  }
}

/** How many entries each part has. */
export function sizesOf(memory: LeaderMemory): Readonly<Record<keyof LeaderMemory, number>> {
  const { roster, observations, earlyProbes, hostBeats, domains, inFlight } = memory
  const { powerRechecks, bookings, limiter, news, guestLists } = memory
  return {
    roster: roster.size,
    observations: observations.size,
    earlyProbes: earlyProbes.size,
    hostBeats: hostBeats.size,
    domains: domains.size,
    inFlight: inFlight.size,
    powerRechecks: powerRechecks.size,
    bookings: bookings.size,
    limiter: limiter.size,
    news: news.size,
    guestLists: guestLists.size,
  }
}
