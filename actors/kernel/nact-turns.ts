/**
 * Gives actors their turns through nact: every player is an actor of a flat nact system, every turn
 * is a message. This is the only file that imports nact.
 */
import * as nact from 'nact'
import type { Place, Player, Turns } from '../ports/turns.ts'

/** nact runs one handler at a time. Its own supervision is not used (see `ops/docs/decisions`). */
export class NactTurns implements Turns {
  readonly #system = nact.start()
  #opened = 0

  open({ take, crashed }: Player): Place {
    this.#opened += 1
    // The system is flat, because nact copies a parent's table of children for every message to the
    // parent.
    const ref = nact.spawn(this.#system, take, `a${this.#opened}`, {
      onCrash: (_message, error, context) => {
        crashed(error)
        return context.resume
      },
    })
    return {
      ask: () => nact.dispatch(ref, true),
      close: () => nact.stop(ref),
    }
  }

  close(): void {
    nact.stop(this.#system)
  }
}
