/** The Fence agent port as one process of ours has it: agents switch a host's power outlet, commands its storage. */
import type { RandomPort } from '../../actors/ports/clock.ts'
import type { FenceAgentPort, FenceProgram } from '../../actors/ports/fence-agent.ts'
import type { PowerState } from '../../actors/ports/power.ts'
import { CodedError } from '../../schema/errors.ts'
import type { Faults } from './faults.ts'
import type { Machine } from './machine.ts'
import { draw } from './random.ts'
import type { Site } from './site.ts'
import { wait } from './wait.ts'

const RUN_MS = [200, 1500] as const

/** Programs that find their host by its name. */
export class SimulatedFenceAgents implements FenceAgentPort {
  readonly #site: Site
  readonly #faults: Faults
  readonly #node: string
  readonly #random: RandomPort

  constructor(parts: {
    readonly site: Site
    readonly faults: Faults
    readonly node: string
    readonly random: RandomPort
  }) {
    this.#site = parts.site
    this.#faults = parts.faults
    this.#node = parts.node
    this.#random = parts.random
  }

  read(program: FenceProgram, signal?: AbortSignal): Promise<PowerState> {
    return this.#run(program, signal, (machine) => {
      const state = program.kind === 'agent' ? machine.power : machine.storage
      return state === 'off' || state === 'cut-off' ? 'off' : 'on'
    })
  }

  off(program: FenceProgram, signal?: AbortSignal): Promise<void> {
    return this.#run(program, signal, (machine) => {
      this.#site.ledger.note('write', `${this.#node} ${program.name} ${machine.name}`)
      if (program.kind === 'agent') this.#site.cutPower(machine)
      else this.#site.cutStorage(machine)
    })
  }

  async #run<Answer>(
    program: FenceProgram,
    signal: AbortSignal | undefined,
    effect: (machine: Machine) => Answer,
  ): Promise<Answer> {
    const { clock } = this.#site
    const machine = this.#site.get(program.host)
    const silent = program.kind === 'agent' && machine.outlet === 'silent'
    const cut = this.#faults.isCut(this.#node, `bmc:${machine.name}`)
    await wait(clock, silent || cut ? program.timeoutMs : draw(this.#random, RUN_MS), signal)
    signal?.throwIfAborted()
    if (!silent && !cut) return effect(machine)
    throw new CodedError('POWER_UNREACHABLE', `${program.name} did not end in time`)
  }
}
