/** Messages about the leader, and about the health of each process. */
import { Type, type Static } from 'typebox'
import { Count, Name, Word } from './fields.ts'
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
})
export type ActorSnapshot = Static<typeof ActorSnapshot>

/** The running actors of one process. */
export const RoleHealth = Type.Object({
  node: Name,
  roles: Type.Array(Word, { maxItems: 8 }),
  leading: Type.Boolean(),
  deadLetters: Count,
  /** How many messages from outside could not be decoded, since the start. */
  parked: Count,
  /**
   * How many observations came from, or were about, hosts or observers that are not registered,
   * since the start.
   */
  strangers: Type.Optional(Count),
  /** How many reports the leader's own look showed to be wrong, since the start. */
  contradictions: Type.Optional(Count),
  /** What it asks of BMCs and of hosts; absent where it asks none. */
  bmcPoliteness: Type.Optional(BmcPoliteness),
  sshPoliteness: Type.Optional(SshPoliteness),
  /** At most the first 1,000 actors; supervisors come first. */
  actors: Type.Array(ActorSnapshot, { maxItems: 1000 }),
})
export type RoleHealth = Static<typeof RoleHealth>
