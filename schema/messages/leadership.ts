/** Who leads, and how each process is. */
import { Type, type Static } from 'typebox'

/** Sent by a new leader once its epoch is in the store. */
export const LeaderProclaimed = Type.Object({
  holder: Type.String({ minLength: 1, maxLength: 255 }),
  epoch: Type.Integer({ minimum: 0 }),
})
export type LeaderProclaimed = Static<typeof LeaderProclaimed>

/** One actor of a process, as the health endpoint shows it. */
export const ActorSnapshot = Type.Object({
  path: Type.String({ maxLength: 512 }),
  /** `kind` of the actor's state. */
  state: Type.String({ maxLength: 64 }),
  mailboxDepth: Type.Integer({ minimum: 0 }),
  restarts: Type.Integer({ minimum: 0 }),
  lastError: Type.Union([Type.String({ maxLength: 1024 }), Type.Null()]),
  uptimeMs: Type.Integer({ minimum: 0 }),
})
export type ActorSnapshot = Static<typeof ActorSnapshot>

/** The live tree of one process. */
export const RoleHealth = Type.Object({
  node: Type.String({ minLength: 1, maxLength: 255 }),
  roles: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 8 }),
  leading: Type.Boolean(),
  deadLetters: Type.Integer({ minimum: 0 }),
  /** Messages from outside that could not be decoded, since the start. */
  parked: Type.Integer({ minimum: 0 }),
  /** At most the first 1,000 actors, supervisors first. */
  actors: Type.Array(ActorSnapshot, { maxItems: 1000 }),
})
export type RoleHealth = Static<typeof RoleHealth>
