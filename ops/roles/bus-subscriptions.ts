/**
 * What the gateway receives on the bus: the observations of hosts, their failure domains, and the progress of recoveries.
 */
import type { BusMessage, BusPort } from '../../actors/ports/bus.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { ObservationBoard } from '../../actors/ports/observations.ts'
import type { RosterStore } from '../../actors/ports/roster-store.ts'
import { EventFeed, type FeedEvent } from '../../gateway/events/feed.ts'
import type { DomainBoard } from '../../actors/ports/domain-board.ts'
import { HostObservations } from '../../actors/verification/host-observations.ts'
import { ToldDomains } from '../../actors/verification/told-domains.ts'
import { RosterKeeper } from '../../actors/dedup-window/roster-keeper.ts'
import { Roster } from '../../actors/dedup-window/roster.ts'
import type { Received, WireBody } from '../../schema/messages/catalogue.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import { decodeOrCount, subjectsOf } from '../../schema/messages/codec.ts'
import { isoTime } from '../../schema/time.ts'

/** `guest.followed` arrives with `move.stepped`. */
const HEARD = [
  'host.observed',
  'domains.known',
  'recovery.stepped',
  'move.stepped',
  'leader.proclaimed',
] as const

/** Where the received messages are kept. */
export interface BusSubscriptions extends AsyncDisposable {
  readonly observations: ObservationBoard
  readonly domains: DomainBoard
  readonly feed: EventFeed
}

export interface SubscriptionWorld {
  readonly bus: BusPort
  readonly clock: ClockPort
  readonly store: Pick<RosterStore, 'readRoster'>
  readonly cloud: string
  /** How long an observation counts, ms. */
  readonly freshMs: number
  /** How many monitors watch one host. */
  readonly observersPerHost: number
  /** Counts a message that cannot be decoded. */
  readonly countParked: () => void
}

/**
 * Starts to listen. These are core messages: messages that are sent while the bus is not available
 * are lost here, but the journal has the progress.
 */
export function subscribeToBus(world: SubscriptionWorld): BusSubscriptions {
  const { bus, cloud, clock } = world
  const feed = new EventFeed()
  const observations = new HostObservations(clock, world.freshMs)
  const domains = new ToldDomains(clock)
  const roster = new Roster(world.observersPerHost, () => {}) // the leader counts them
  const keeper = new RosterKeeper(world, roster)
  const ending = new AbortController()
  const keeping = keeper.keep(ending.signal)
  const changes = new HostChanges()
  const take = (message: BusMessage): void => {
    const received = decodeOrCount(message, world.countParked)
    if (received?.type === 'host.observed') {
      const observed = roster.admit(received)
      if (observed === undefined) return keeper.expedite()
      observations.note(observed.host, observed)
      if (!changes.note(received.body)) return
    }
    if (received?.type === 'domains.known') domains.note(received.epoch, received.body)
    const event = received === undefined ? undefined : eventOf(received)
    if (event !== undefined) feed.publish(event)
  }
  const subscriptions = HEARD.map((type) => bus.subscribe(subjectsOf(cloud, type), take))
  return {
    observations,
    domains,
    feed,
    async [Symbol.asyncDispose]() {
      ending.abort()
      for (const subscription of subscriptions) await subscription[Symbol.asyncDispose]()
      await keeping
    },
  }
}

/** As many as the largest clouds have, each watched by some monitors. */
const CHANGES_MAX = 50_000

/** What each observer said last of each host: only what differs is an event. */
class HostChanges {
  readonly #states = new BoundedMap<string, string>({
    entriesMax: CHANGES_MAX,
    whenFull: 'drop-oldest',
  })

  /** False when the observer says of the host what it said before, or begins with `alive`. */
  note({ host, observer, state }: WireBody<'host.observed'>): boolean {
    const key = `${host} ${observer}`
    const before = this.#states.get(key) ?? 'alive'
    this.#states.set(key, state)
    return before !== state
  }
}

/** The feed keeps many events, so the evidence of each is cut to this length. */
const EVIDENCE_CHARS_MAX = 8192

function shortened(evidence: readonly string[]): readonly string[] {
  let left = EVIDENCE_CHARS_MAX
  return evidence.filter((sentence) => {
    left -= sentence.length
    return left >= 0
  })
}

const ABOUT_NOTHING = { notification: undefined, instance: undefined, host: undefined }

function eventOf({ id, sentAt, ...received }: Received): FeedEvent | undefined {
  const sent_at = isoTime(sentAt)
  switch (received.type) {
    case 'host.observed': {
      const { host, hostName, observer, state, evidence: said } = received.body
      const about = { ...ABOUT_NOTHING, host: hostName, type: received.type }
      const evidence = shortened(said)
      return {
        id,
        type: received.type,
        about,
        data: { sent_at, host_uuid: host, host: hostName, observer, state, evidence },
      }
    }
    case 'leader.proclaimed': {
      const about = { ...ABOUT_NOTHING, type: received.type }
      return { id, type: received.type, about, data: { sent_at, ...received.body } }
    }
    case 'recovery.stepped': {
      const { notification, host, step, reason, evidence: said } = received.body
      const about = { notification, host, instance: undefined, type: received.type }
      const data = {
        sent_at,
        notification_uuid: notification,
        host,
        step,
        reason,
        evidence: shortened(said),
      }
      return { id, type: received.type, about, data }
    }
    case 'move.stepped': {
      const { notification, instance, instanceName, status, dest, reason, done, total } =
        received.body
      const about = { notification, instance, host: dest ?? undefined, type: received.type }
      const data = {
        sent_at,
        notification_uuid: notification,
        instance_uuid: instance,
        instance_name: instanceName,
        status,
        dest_host: dest,
        reason,
        done,
        total,
      }
      return { id, type: received.type, about, data }
    }
    case 'guest.followed': {
      const { notification, instance, instanceName, host, state, reason, afterMs, back, total } =
        received.body
      const about = { notification, instance, host, type: received.type }
      const data = {
        sent_at,
        notification_uuid: notification,
        instance_uuid: instance,
        instance_name: instanceName,
        host,
        state,
        reason,
        after_ms: afterMs,
        back,
        total,
      }
      return { id, type: received.type, about, data }
    }
    default:
      return undefined
  }
}
