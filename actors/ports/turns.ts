/** Who may go on: gives each actor of a system its turns, one at a time, and never inside those of another. */

/** What is given turns. */
export interface Player {
  /** One turn. May throw. */
  readonly take: () => void
  /** Told what a turn threw. Must not throw. */
  readonly crashed: (error: unknown) => void
}

export interface Turns {
  /** A place for one player. */
  open(player: Player): Place
  /** No more turns for anybody. */
  close(): void
}

export interface Place {
  /** Asks for one turn, which comes soon, after those that were asked for before. */
  ask(): void
  /** No turn comes any more, not even one that was asked for. */
  close(): void
}
