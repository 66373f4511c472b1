/** The power port of one process of ours: BMCs that answer, are silent, refuse, or lie. */
import { sleep } from '../../actors/ports/clock.ts'
import type { PolledPowerPort, PowerState } from '../../actors/ports/power.ts'
import { bmcAddress, type BmcSettings } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import type { CallChance } from './call-chance.ts'
import type { Faults } from './faults.ts'
import { BMC_USERNAME, type Machine } from './machine.ts'
import { draw } from './random.ts'
import type { Site } from './site.ts'

/** A command without an answer for so long has failed, ms. */
const COMMAND_TIMEOUT_MS = 6000
const ANSWER_MS = [20, 200] as const
const SLOW_ANSWER_MS = [1000, 8000] as const

/** The BMCs of a site, found by the address in the settings. */
export class SimulatedPower implements PolledPowerPort {
  /** There are fewer simulated BMCs than sessions. */
  readonly sessions = { isKept: () => true }
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

  read(bmc: BmcSettings, signal?: AbortSignal): Promise<PowerState> {
    this.#site.ledger.count('power.read')
    return this.#command(bmc, { kind: 'read', signal }, (machine) => {
      if (machine.bmc === 'stuck-off') return 'off'
      return machine.bmc === 'lies' ? machine.bmcClaims : machine.power
    })
  }

  off(bmc: BmcSettings, signal?: AbortSignal): Promise<void> {
    this.#site.ledger.count('power.off')
    return this.#command(bmc, { kind: 'order', signal }, (machine) => this.#order(machine))
  }

  #order(machine: Machine): void {
    this.#site.ledger.note('write', `${this.#node} power-off ${machine.name} (BMC ${machine.bmc})`)
    switch (machine.bmc) {
      case 'refuses':
        throw new CodedError('POWER_COMMAND_FAILED', `BMC of ${machine.name} refuses the command`)
      case 'lies':
        machine.bmcClaims = 'off'
        return
      case 'ignores':
      case 'stuck-off':
        return
      case 'loses-order':
        machine.bmc = 'silent'
        return
      case 'loses-answer':
        machine.bmc = 'silent'
        this.#carryOut(machine)
        return
      case 'well':
      case 'slow':
      case 'silent':
        this.#carryOut(machine)
    }
  }

  #carryOut(machine: Machine): void {
    const { boot } = machine
    this.#site.clock.schedule(
      draw(this.#chance.next(`loss ${machine.name}`), this.#faults.powerOffMs),
      () => {
        if (machine.boot === boot) this.#site.cutPower(machine)
      },
    )
  }

  /** Half of the time passes before the BMC acts, and half before the answer arrives. */
  async #command<Answer>(
    bmc: BmcSettings,
    { kind, signal }: { readonly kind: 'read' | 'order'; readonly signal: AbortSignal | undefined },
    effect: (machine: Machine) => Answer,
  ): Promise<Answer> {
    const { clock } = this.#site
    const address = bmcAddress(bmc)
    const machine = this.#site.findByBmc(address)
    const answerMs = kind === 'read' ? this.#faults.ofRead(ANSWER_MS) : ANSWER_MS
    const chance = this.#chance.next(`${kind} ${address}`)
    const takesMs = draw(chance, machine?.bmc === 'slow' ? SLOW_ANSWER_MS : answerMs)
    const thereMs = takesMs >> 1
    const leftMs = COMMAND_TIMEOUT_MS - thereMs
    await sleep(clock, thereMs, signal)
    signal?.throwIfAborted()
    if (machine === undefined || this.#isDeaf(machine)) return this.#giveUp(bmc, leftMs, signal)
    if (bmc.username !== BMC_USERNAME || bmc.password.reveal() !== machine.bmcPassword) {
      throw new CodedError('POWER_MISCONFIGURED', `BMC ${address} rejects user or password`)
    }
    const answer = effect(machine)
    if (takesMs > COMMAND_TIMEOUT_MS || this.#isDeaf(machine))
      return this.#giveUp(bmc, leftMs, signal)
    await sleep(clock, takesMs - thereMs, signal)
    signal?.throwIfAborted()
    return answer
  }

  async #giveUp(bmc: BmcSettings, leftMs: number, signal: AbortSignal | undefined): Promise<never> {
    await sleep(this.#site.clock, leftMs, signal)
    signal?.throwIfAborted()
    throw new CodedError('POWER_UNREACHABLE', `BMC ${bmcAddress(bmc)} does not answer`)
  }

  #isDeaf(machine: Machine): boolean {
    return machine.bmc === 'silent' || this.#faults.isCut(this.#node, `bmc:${machine.name}`)
  }
}
