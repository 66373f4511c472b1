/**
 * Gives each actor of a system its turns, one at a time. A turn never begins during the turn of
 * another actor.
 */

/** Something that gets turns. */
export interface Player {
  /** One turn. May throw. */
  readonly take: () => void
  /** Receives the error of a turn. Must not throw. */
  readonly crashed: (error: unknown) => void
}

export interface Turns {
  /** A place for one player. */
  open(player: Player): Place
  /** Gives no more turns. */
  close(): void
}

export interface Place {
  /** Asks for one turn. It comes soon, after the turns that were asked for before. */
  ask(): void
  /** No further turn comes, not even one that was asked for. */
  close(): void
}
