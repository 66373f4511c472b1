/**
 * Carries messages between nodes and broker. A message is delivered in a microtask, in the order of
 * sending, so that every run is the same. A simulator may lose, delay or double messages.
 */
import { CodedError, type ErrorCode } from '../../schema/errors.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'

/** The name of the broker as an end of a wire. */
export const BROKER = 'broker'

/** One message on its way; `from` and `to` are nodes or the broker. */
export interface Passage {
  readonly from: string
  readonly to: string
  readonly subject: string
}

/**
 * The delays in ms of all copies that arrive: `[0]` undisturbed, `[]` lost. A node is partitioned
 * when all its messages are lost.
 */
export type Disturb = (passage: Passage) => readonly number[]

/** The messages on their way between two ends. A later message never overtakes an earlier one. */
interface Line {
  readonly waiting: (() => void)[]
  lastAt: number
}

interface Question<Answer> {
  readonly node: string
  readonly subject: string
  readonly timeoutMs: number
  /** The error when no answer came. */
  readonly lost: ErrorCode
  /** Done by the broker, once for each copy of the question that arrives. */
  readonly apply: () => Answer
}

export class Wires {
  readonly clock: ClockPort
  readonly #disturb: Disturb | undefined
  readonly #lines = new Map<string, Line>()
  #ready: (() => void)[] = []

  constructor(clock: ClockPort, disturb: Disturb | undefined) {
    this.clock = clock
    this.#disturb = disturb
  }

  /** Carries one message: `arrive` is called once for each copy that arrives. */
  send(passage: Passage, arrive: () => void): void {
    if (this.#disturb === undefined) return this.#handOver(arrive)
    const [first, ...copies] = this.#disturb(passage)
    if (first !== undefined) this.#sendInLine(passage, first, arrive)
    for (const delayMs of copies) this.clock.schedule(delayMs, () => this.#handOver(arrive))
  }

  /**
   * Asks the broker and waits for its answer. After a timeout, it is unknown whether the broker has
   * done it.
   */
  ask<Answer>(question: Question<Answer>): Promise<Answer> {
    const { node, subject, timeoutMs, lost, apply } = question
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const giveUp = this.clock.schedule(timeoutMs, () =>
      reject(new CodedError(lost, `no answer to ${subject} within ${timeoutMs} ms`)),
    )
    this.send({ from: node, to: BROKER, subject }, () => {
      const answer = settled(apply)
      this.send({ from: BROKER, to: node, subject }, () => {
        giveUp()
        if ('error' in answer) reject(answer.error)
        else resolve(answer.value)
      })
    })
    return promise
  }

  /** False while a message of this node would be lost. */
  reaches(node: string): boolean {
    const copies = this.#disturb?.({ from: node, to: BROKER, subject: 'ping' })
    return copies === undefined || copies.length > 0
  }

  #sendInLine({ from, to }: Passage, delayMs: number, arrive: () => void): void {
    // Where nothing was ever delayed, no line is looked for.
    if (delayMs === 0 && this.#lines.size === 0) return this.#handOver(arrive)
    const line = this.#lineOf(`${from} ${to}`)
    if (delayMs === 0 && line.waiting.length === 0) return this.#handOver(arrive)
    const now = this.clock.monotonicMs()
    line.lastAt = Math.max(line.lastAt, now + delayMs)
    line.waiting.push(arrive)
    this.clock.schedule(line.lastAt - now, () => {
      const next = line.waiting.shift()
      if (next !== undefined) this.#handOver(next)
    })
  }

  #lineOf(ends: string): Line {
    const known = this.#lines.get(ends)
    if (known !== undefined) return known
    const line: Line = { waiting: [], lastAt: 0 }
    this.#lines.set(ends, line)
    return line
  }

  #handOver(arrive: () => void): void {
    if (this.#ready.push(arrive) > 1) return
    queueMicrotask(() => {
      const batch = this.#ready
      this.#ready = []
      for (const next of batch) next()
    })
  }
}

function settled<Value>(
  work: () => Value,
): { readonly value: Value } | { readonly error: CodedError } {
  try {
    return { value: work() }
  } catch (error) {
    if (error instanceof CodedError) return { error }
    throw error
  }
}
