/** The real random numbers of this machine. */
import { randomInt, randomUUID } from 'node:crypto'
import type { RandomPort } from '../../actors/ports/clock.ts'

/** The largest range of randomInt. */
const RANGE = 2 ** 48 - 1

/** Unpredictable numbers. */
export class SystemRandom implements RandomPort {
  next(): number {
    return randomInt(RANGE) / RANGE
  }

  uuid(): string {
    return randomUUID()
  }

  /** The numbers of every user are unpredictable, so no separate source is needed. */
  fork(_name: string): this {
    return this
  }
}
