/**
 * What watchers report about hosts and guests. An observer publishes the current state again and
 * again (level-triggered).
 */
import { Type, type Static } from 'typebox'
import { Count, Id, Name, Text, Word } from './fields.ts'

/** The observer in whose name a gateway says what the alerts of its webhook say. */
export const WEBHOOK_OBSERVER = 'alertmanager'

/** One observer's view of one host. */
export const HostObserved = Type.Object({
  host: Id,
  hostName: Name,
  segment: Id,
  observer: Name,
  state: Type.Union([
    Type.Literal('alive'),
    Type.Literal('suspect'),
    Type.Literal('dead'),
    Type.Literal('blind'),
    Type.Literal('misconfigured'),
    Type.Literal('maintenance'),
  ]),
  /** One sentence for each channel: what it showed. */
  evidence: Type.Array(Text, { maxItems: 16 }),
  /**
   * What each channel means now, in the words of `ops/docs/channels.md`; only fresh signs, with their ages. Absent from an observer of an earlier
   * version, and from one that is blind. Words that are not known mean nothing.
   */
  channels: Type.Optional(
    Type.Array(Type.Object({ channel: Word, meaning: Word, ageMs: Count }), { maxItems: 16 }),
  ),
})
export type HostObserved = Static<typeof HostObserved>
/**
 * blind: the observer sees nothing; misconfigured: its credentials are refused; maintenance: an
 * operator keeps the host out of service, and it does not answer. None of them proves that the host
 * is alive or dead.
 */
export type HostState = HostObserved['state']

/** A guest stopped answering, or died, on a host that is otherwise healthy. */
export const GuestFailed = Type.Object({
  instance: Id,
  hostName: Name,
  /** Masakari's event names: `LIFECYCLE`, `QEMU_GUEST_AGENT_ERROR`, `IO_ERROR`. */
  event: Name,
  domainEvent: Name,
  evidence: Type.Array(Text, { maxItems: 16 }),
})
export type GuestFailed = Static<typeof GuestFailed>

/** A compute host's instance monitor says each second that its host lives, and how its parts are. */
export const HostHeartbeat = Type.Object({
  hostName: Name,
  /** One boot of the host; undefined where the system does not tell. */
  boot: Type.Optional(Id),
  /** libvirt's daemon: answers, does not answer, or was not asked yet. */
  libvirt: Type.Union([Type.Literal('answers'), Type.Literal('silent'), Type.Literal('unknown')]),
  /** How old what is said of libvirt is, ms. */
  libvirtAgeMs: Count,
  /** The nova-compute process: runs, is gone, or cannot be seen from here. */
  compute: Type.Union([Type.Literal('runs'), Type.Literal('gone'), Type.Literal('unknown')]),
  /** How old what is said of nova-compute is, ms. */
  computeAgeMs: Count,
})
export type HostHeartbeat = Static<typeof HostHeartbeat>

/** More guests than a host runs. A list of more names those that run since the shortest time. */
export const GUESTS_MAX = 1000

/** All guests of Nova's that run on a compute host now. A guest that is not in it does not run there. */
export const GuestsRunning = Type.Object({
  hostName: Name,
  guests: Type.Array(
    Type.Object({
      instance: Id,
      /** How long the instance monitor has seen it run without a break, ms: at least this long. */
      runsForMs: Count,
      /** answers: to the latest ping; silent: it has a channel for an agent, and no answer came; none: it has no channel. */
      agent: Type.Union([Type.Literal('answers'), Type.Literal('silent'), Type.Literal('none')]),
      /** How long ago its agent answered first in this run, ms; left out when it never has. */
      answersForMs: Type.Optional(Count),
    }),
    { maxItems: GUESTS_MAX },
  ),
})
export type GuestsRunning = Static<typeof GuestsRunning>
/** One guest of the list. */
export type ListedGuest = GuestsRunning['guests'][number]
