/** Pings the agents of guests through one connection: few at once, never two to one guest, and with its own deadline. */
import type { GuestSign } from '../../actors/ports/guest.ts'
import { sleep, type ClockPort } from '../../actors/ports/clock.ts'
import { isCoded } from '../../schema/errors.ts'
import type { InstanceId } from '../../schema/ids.ts'
import type { Answer, LibvirtConnection } from './connection.ts'
import { AGENT_COMMAND, ERROR, PROGRAM } from './numbers.ts'
import { XdrWriter } from './xdr.ts'

/** A daemon works on five calls of one connection, and has few workers for all clients, including Nova. */
const IN_FLIGHT_MAX = 4
/** A ping may wait behind another user of the agent for 30 s; then libvirt answers in any case. */
const CALL_MS = 40_000
/** libvirt refuses a ping at once when there is no agent, and after whole seconds when the agent is silent. The numbers are the same. */
const AT_ONCE_MS = 900

type Outcome = 'late' | GuestSign

export class AgentPings {
  readonly #clock: ClockPort
  readonly #connection: LibvirtConnection
  /** Pings that libvirt has not answered yet, including those that are past our deadline. */
  readonly #inFlight = new Map<InstanceId, Promise<GuestSign>>()
  #waiting: (() => void)[] = []

  constructor(clock: ClockPort, connection: LibvirtConnection) {
    this.#clock = clock
    this.#connection = connection
  }

  /** Signs of these guests; they are asked in this order. */
  async ask(
    instances: readonly InstanceId[],
    timeoutMs: number,
  ): Promise<ReadonlyMap<InstanceId, GuestSign>> {
    const signs = new Map<InstanceId, GuestSign>()
    const queue = instances.values()
    const worker = async (): Promise<void> => {
      for (const instance of queue) signs.set(instance, await this.#sign(instance, timeoutMs))
    }
    await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, worker))
    return signs
  }

  /** When a ping of an earlier round has no answer yet, this round waits for that one: its answer is a sign of life, too. */
  async #sign(instance: InstanceId, timeoutMs: number): Promise<GuestSign> {
    const earlier = this.#inFlight.get(instance)
    if (earlier === undefined) {
      while (this.#inFlight.size >= IN_FLIGHT_MAX) await this.#slot()
    }
    const outcome = await this.#within(timeoutMs, earlier ?? this.#ping(instance, timeoutMs))
    return outcome === 'late' ? 'silent' : outcome
  }

  async #within(timeoutMs: number, sign: Promise<GuestSign>): Promise<Outcome> {
    const ended = new AbortController()
    const late = async (): Promise<Outcome> => {
      await sleep(this.#clock, timeoutMs, ended.signal)
      return 'late'
    }
    try {
      return await Promise.race([sign, late()])
    } finally {
      ended.abort()
    }
  }

  #slot(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    return promise
  }

  #ping(instance: InstanceId, timeoutMs: number): Promise<GuestSign> {
    const sign = this.#call(instance, timeoutMs)
    this.#inFlight.set(instance, sign)
    return sign
  }

  async #call(instance: InstanceId, timeoutMs: number): Promise<GuestSign> {
    const args = new XdrWriter().domain(instance).string('{"execute":"guest-ping"}')
    args.int(Math.max(1, Math.ceil(timeoutMs / 1000))).int(0)
    const askedAtMs = this.#clock.monotonicMs()
    try {
      const { qemu: program } = PROGRAM
      const answer = await this.#connection.call(AGENT_COMMAND, args, {
        program,
        deadlineMs: CALL_MS,
      })
      return signOf(answer, this.#clock.monotonicMs() - askedAtMs)
    } catch (error) {
      if (isCoded(error, 'HYPERVISOR_UNAVAILABLE')) return 'unknown'
      throw error
    } finally {
      this.#inFlight.delete(instance)
      const waiting = this.#waiting
      this.#waiting = []
      for (const resume of waiting) resume()
    }
  }
}

/** What an answer says about the guest. Most refusals say nothing about it. */
export function signOf(answer: Answer, afterMs: number): GuestSign {
  if (answer.kind === 'reply') return 'alive'
  const { code, message } = answer
  if (code === ERROR.agentUnresponsive) return afterMs < AT_ONCE_MS ? 'unknown' : 'silent'
  // The agent has answered: it refuses the command.
  if (code === ERROR.internal && message.includes('agent command')) return 'alive'
  return 'unknown'
}
