/** Messages about the leader, and about the health of each process. */
import { Type, type Static } from 'typebox'
import { Count, Name, Text, WallTime, Word } from './fields.ts'
import { HostRemarksShown } from './host-remarks.ts'
import { BmcPoliteness, SshPoliteness } from './politeness.ts'

/** A new leader sends this after its epoch is in the store. */
export const LeaderProclaimed = Type.Object({
  holder: Name,
  epoch: Count,
})
export type LeaderProclaimed = Static<typeof LeaderProclaimed>

/** One actor of a process, as the health endpoint shows it. */
export const ActorSnapshot = Type.Object({
  path: Type.String({ maxLength: 512, pattern: '^[^\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}]*$' }),
  /** The `kind` of the actor's state. */
  state: Word,
  /** Why the actor is in that state, if the state has a reason. */
  reason: Type.Union([Type.String({ maxLength: 1024 }), Type.Null()]),
  mailboxDepth: Count,
  restarts: Count,
  lastError: Type.Union([Type.String({ maxLength: 1024 }), Type.Null()]),
  uptimeMs: Count,
  /** Of an actor with a memory beside its state: how many entries each part of it has. */
  holds: Type.Optional(Type.Record(Word, Count, { maxProperties: 32 })),
})
export type ActorSnapshot = Static<typeof ActorSnapshot>

/** What the bridge of a process has read on Compute's bus, since the start. */
export const BridgeCounts = Type.Object({
  received: Count,
  /** Faults that our own bus has stored. */
  reported: Count,
  /** Messages that are dropped: repeated ones, and second ones of an event in Nova's other format. */
  duplicates: Count,
  /** Messages that could not be read. */
  parked: Count,
  /** Messages of a type that has a fact, but without the host or instance that they are about. */
  incomplete: Count,
  /** Messages that waited in our queue when the bridge last looked at it. */
  unread: Count,
})
export type BridgeCounts = Static<typeof BridgeCounts>

/** A broker that a process reads from or writes to, beside our own bus. */
export const LinkHealth = Type.Object({
  /** compute-broker: the notifications of Compute; event-broker: our own event notifications. */
  name: Word,
  linked: Type.Boolean(),
  /** Since when it is so, by the clock of the process. */
  since: WallTime,
  /** Why it is not linked; null while it is. */
  reason: Type.Union([Text, Type.Null()]),
})
export type LinkHealth = Static<typeof LinkHealth>

/** The running actors of one process. */
export const RoleHealth = Type.Object({
  node: Name,
  roles: Type.Array(Word, { maxItems: 8 }),
  leading: Type.Boolean(),
  deadLetters: Count,
  /** How many actors are given up now, because they have crashed too often. */
  givenUp: Type.Optional(Count),
  /** How many messages from outside could not be decoded, since the start. */
  parked: Count,
  /** How many messages of newer versions it did not know, since the start. */
  newer: Type.Optional(Count),
  /**
   * How many observations came from, or were about, hosts or observers that are not registered,
   * since the start.
   */
  strangers: Type.Optional(Count),
  /** How many reports the leader's own look showed to be wrong, since the start. */
  contradictions: Type.Optional(Count),
  /** Only of a process with the role bridge that has a broker. */
  bridge: Type.Optional(BridgeCounts),
  /** Brokers beside our own bus; absent from a process of an earlier version. */
  links: Type.Optional(Type.Array(LinkHealth, { maxItems: 8 })),
  /** The requests of the process to BMCs and to hosts; absent when it sends none. */
  bmcPoliteness: Type.Optional(BmcPoliteness),
  sshPoliteness: Type.Optional(SshPoliteness),
  /** Only of a process with the role host-monitor, once it has read or heard something. */
  hosts: Type.Optional(HostRemarksShown),
  /** At most the first 1,000 actors; supervisors come first. */
  actors: Type.Array(ActorSnapshot, { maxItems: 1000 }),
})
export type RoleHealth = Static<typeof RoleHealth>
