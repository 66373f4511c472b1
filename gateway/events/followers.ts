/**
 * Limits the clients that follow events: in total and for each user, with places reserved for
 * administrators.
 */
import { CodedError } from '../../schema/errors.ts'

const FOLLOWERS_MAX = 200
const OF_ONE_USER_MAX = 20
/** Places that only administrators get, so that they can follow events when many other users do. */
const KEPT_FOR_ADMINISTRATORS = 40

/** The user who wants to follow events. */
export interface Follower {
  readonly userId: string
  readonly isAdmin: boolean
}

/** Counts the open streams of one gateway. */
export class Followers {
  readonly #byUser = new Map<string, number>()
  #count = 0

  /** Takes a place; the returned function gives it back. STREAMS_EXHAUSTED when there is none. */
  admit({ userId, isAdmin }: Follower): () => void {
    const own = this.#byUser.get(userId) ?? 0
    if (own >= OF_ONE_USER_MAX) {
      throw full(`This user follows events ${OF_ONE_USER_MAX} times already.`)
    }
    const places = isAdmin ? FOLLOWERS_MAX : FOLLOWERS_MAX - KEPT_FOR_ADMINISTRATORS
    if (this.#count >= places) throw full('Too many clients follow events already.')
    this.#byUser.set(userId, own + 1)
    this.#count += 1
    return () => this.#leave(userId)
  }

  #leave(userId: string): void {
    this.#count -= 1
    const left = (this.#byUser.get(userId) ?? 0) - 1
    if (left > 0) this.#byUser.set(userId, left)
    else this.#byUser.delete(userId)
  }
}

const full = (sentence: string): CodedError => new CodedError('STREAMS_EXHAUSTED', sentence)
