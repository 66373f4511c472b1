/**
 * The life of one simulated process, which can be killed or frozen between any two steps.
 * Everything that reaches the process from outside (answers, timers, messages) passes through here,
 * and every call that it makes is counted here.
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

  /** Delivers something to the process now, after it thaws, or never. */
  reach(then: () => void): void {
    if (this.#condition === 'alive') then()
    else if (this.#condition === 'frozen') this.#waiting.push(then)
  }

  /** SIGKILL: the work of the process ends here, but what it has sent still arrives. */
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

  /** SIGCONT: everything that waited arrives at once. */
  thaw(): void {
    if (this.#condition !== 'frozen') return
    this.#condition = 'alive'
    const waiting = this.#waiting
    this.#waiting = []
    for (const arrive of waiting) this.reach(arrive)
  }

  /** The process dies just before its n-th call from now. */
  killAtCall(calls: number): void {
    this.#killAtCall = this.#calls + calls
  }

  atDeath(end: () => void): void {
    this.#onDeath.push(end)
  }

  /** Counts one call to the outside. False when the process died instead of making the call. */
  countCall(): boolean {
    this.#calls += 1
    if (this.#calls === this.#killAtCall) this.kill()
    return this.alive
  }
}

/** A clock whose timers end with the process. */
export function mortalClock(clock: ClockPort, life: Life): ClockPort {
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    schedule: (afterMs, callback) => clock.schedule(afterMs, () => life.reach(callback)),
  }
}

/** A function between a process and a port. It may refuse a call, delay it, or only observe it. */
export type Interception = (
  method: string,
  parameters: readonly unknown[],
  call: () => Promise<unknown>,
) => Promise<unknown>

/**
 * A port whose answers reach the process only while it lives. All methods of the port must return
 * promises.
 */
export function mortalPort<Port extends object>(
  port: Port,
  life: Life,
  intercept?: Interception,
): Port {
  const methods = new Map<string | symbol, unknown>()
  return new Proxy(port, {
    get(target, name) {
      const known = methods.get(name)
      if (known !== undefined) return known
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      const method = (...parameters: readonly unknown[]): Promise<unknown> => {
        if (!life.alive || !life.countCall()) return new Promise<never>(() => {})
        const call = async (): Promise<unknown> => Reflect.apply(member, target, parameters)
        const answer = intercept === undefined ? call() : intercept(String(name), parameters, call)
        return outlive(answer, life)
      }
      methods.set(name, method)
      return method
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
