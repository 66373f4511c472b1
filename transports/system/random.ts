/** The real chance of this machine. */
import { randomInt, randomUUID } from 'node:crypto'
import type { RandomPort } from '../../actors/ports/clock.ts'

/** Largest range of randomInt. */
const RANGE = 2 ** 48 - 1

/** Numbers that nobody can foresee. */
export class SystemRandom implements RandomPort {
  next(): number {
    return randomInt(RANGE) / RANGE
  }

  uuid(): string {
    return randomUUID()
  }

  /** Nobody can foresee what others draw either. */
  fork(_name: string): this {
    return this
  }
}
