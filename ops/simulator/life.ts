/**
 * The life of one simulated process: it can be killed or frozen between any two steps. Everything that reaches it from
 * outside (answers, timers, messages) passes through here, and everything that it does is counted here.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'

type Condition = 'alive' | 'frozen' | 'dead'

export class Life {
  #condition: Condition = 'alive'
  #calls = 0
  #killAtCall: number | undefined
  #onDeath: (() => void)[] = []
  #waiting: (() => void)[] = []

  get alive(): boolean {
    return this.#condition !== 'dead'
  }

  /** Lets something reach the process now, after it thaws, or never. */
  reach(then: () => void): void {
    if (this.#condition === 'alive') then()
    else if (this.#condition === 'frozen') this.#waiting.push(then)
  }

  /** SIGKILL: whatever it was doing ends here; what it has sent is on its way. */
  kill(): void {
    if (this.#condition === 'dead') return
    this.#condition = 'dead'
    this.#waiting = []
    for (const end of this.#onDeath) end()
  }

  /** SIGSTOP. */
  freeze(): void {
    if (this.#condition === 'alive') this.#condition = 'frozen'
  }

  /** SIGCONT: all that waited arrives at once. */
  thaw(): void {
    if (this.#condition !== 'frozen') return
    this.#condition = 'alive'
    const waiting = this.#waiting
    this.#waiting = []
    for (const arrive of waiting) this.reach(arrive)
  }

  /** Dies just before its n-th call from now. */
  killAtCall(calls: number): void {
    this.#killAtCall = this.#calls + calls
  }

  atDeath(end: () => void): void {
    this.#onDeath.push(end)
  }

  /** Counts one call to the outside; false when the process died instead of making it. */
  countCall(): boolean {
    this.#calls += 1
    if (this.#calls === this.#killAtCall) this.kill()
    return this.alive
  }
}

/** A clock whose timers belong to the process. */
export function mortalClock(clock: ClockPort, life: Life): ClockPort {
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    schedule: (afterMs, callback) => clock.schedule(afterMs, () => life.reach(callback)),
  }
}

/** What stands between a process and a port: may refuse a call, delay it, or only look at it. */
export type Interception = (
  method: string,
  parameters: readonly unknown[],
  call: () => Promise<unknown>,
) => Promise<unknown>

/** A port whose answers reach the process only while it lives. Calls that answer at once are passed on as they are. */
export function mortalPort<Port extends object>(
  port: Port,
  life: Life,
  intercept?: Interception,
): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...parameters: readonly unknown[]): Promise<unknown> => {
        if (!life.alive || !life.countCall()) return new Promise<never>(() => {})
        const call = async (): Promise<unknown> => Reflect.apply(member, target, parameters)
        const answer = intercept === undefined ? call() : intercept(String(name), parameters, call)
        return outlive(answer, life)
      }
    },
  })
}

function outlive(answer: Promise<unknown>, life: Life): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  answer.then(
    (value) => life.reach(() => resolve(value)),
    (error: unknown) => life.reach(() => reject(error)),
  )
  return promise
}
