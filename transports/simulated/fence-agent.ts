/**
 * The fence agent port of one process of ours: agents switch a host's power outlet, commands its
 * storage.
 */
import { sleep } from '../../actors/ports/clock.ts'
import type { FenceAgentPort, FenceProgram } from '../../actors/ports/fence-agent.ts'
import type { PowerState } from '../../actors/ports/power.ts'
import { agentOptionProblems } from '../../schema/agent-options.ts'
import { CodedError } from '../../schema/errors.ts'
import type { CallChance } from './call-chance.ts'
import type { Faults } from './faults.ts'
import type { Machine, ProgramMood } from './machine.ts'
import { draw } from './random.ts'
import type { Site } from './site.ts'

const RUN_MS = [200, 1500] as const

/** Programs that find their host by its name. */
export class SimulatedFenceAgents implements FenceAgentPort {
  readonly #site: Site
  readonly #faults: Faults
  readonly #node: string
  readonly #chance: CallChance

  constructor(parts: {
    readonly site: Site
    readonly faults: Faults
    readonly node: string
    readonly chance: CallChance
  }) {
    this.#site = parts.site
    this.#faults = parts.faults
    this.#node = parts.node
    this.#chance = parts.chance
  }

  read(program: FenceProgram, signal?: AbortSignal): Promise<PowerState> {
    return this.#run(program, signal, (machine, mood) => {
      const state = program.kind === 'agent' ? machine.power : machine.storage
      return mood === 'stuck' || state === 'off' || state === 'cut-off' ? 'off' : 'on'
    })
  }

  off(program: FenceProgram, signal?: AbortSignal): Promise<void> {
    return this.#run(program, signal, (machine, mood) => {
      if (mood === 'stuck') throw failed(program, 'off: it ended with 2')
      this.#site.ledger.note('write', `${this.#node} ${program.name} ${machine.name}`)
      if (program.kind === 'agent') this.#site.cutPower(machine)
      else this.#site.cutStorage(machine)
    })
  }

  async #run<Answer>(
    program: FenceProgram,
    signal: AbortSignal | undefined,
    effect: (machine: Machine, mood: ProgramMood) => Answer,
  ): Promise<Answer> {
    const { clock } = this.#site
    const options = [...program.options].map(([name, value]) => [name, value.reveal()] as const)
    const [problem] = agentOptionProblems(options)
    if (problem !== undefined) {
      throw new CodedError('POWER_MISCONFIGURED', `${program.name}: ${problem}`)
    }
    const machine = this.#site.get(program.host)
    const mood = program.kind === 'agent' ? machine.outlet : machine.blocklist
    const isSilent = mood === 'silent' || this.#faults.isCut(this.#node, `bmc:${machine.name}`)
    await sleep(
      clock,
      isSilent
        ? program.timeoutMs
        : draw(this.#chance.next(`${program.name} ${program.host}`), RUN_MS),
      signal,
    )
    signal?.throwIfAborted()
    if (isSilent) {
      throw new CodedError('POWER_UNREACHABLE', `${program.name}: it did not end in time`)
    }
    if (mood === 'broken') {
      throw failed(program, 'status: it printed no status line and ended with 2')
    }
    return effect(machine, mood)
  }
}

const failed = ({ name }: FenceProgram, what: string): CodedError =>
  new CodedError('POWER_COMMAND_FAILED', `${name} ${what}; it said nothing`)
