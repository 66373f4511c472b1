/** The shell port of one process of ours: sshd of the simulated hosts. */
import { sleep } from '../../actors/ports/clock.ts'
import type { ShellOutcome, ShellPort, ShellProbe } from '../../actors/ports/shell.ts'
import type { SshSettings } from '../../schema/control-attributes.ts'
import { readPins } from '../../schema/host-key-pins.ts'
import type { CallChance } from './call-chance.ts'
import type { Faults } from './faults.ts'
import type { Machine } from './machine.ts'
import { draw } from './random.ts'
import type { Site } from './site.ts'

const ANSWER_MS = [1, 20] as const
const SLOW_ANSWER_MS = [1000, 20_000] as const

const DETAIL: Record<ShellOutcome, string> = {
  alive: 'the connection answered',
  refused: 'the connection was refused',
  silent: 'nothing came back',
  misconfigured: 'our key was not accepted, or the host has another one than it had',
}

/** Hosts of a site, found by the address in the settings (the host's name). */
export class SimulatedShell implements ShellPort {
  readonly #site: Site
  readonly #faults: Faults
  readonly #node: string
  readonly #chance: CallChance
  /** The first key seen of each host whose settings pin none. */
  readonly #seenKeys = new Map<string, string>()

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

  async probe(target: SshSettings, timeoutMs: number, connectMs = timeoutMs): Promise<ShellProbe> {
    const { clock, ledger } = this.#site
    ledger.count('ssh.probe')
    const machine = this.#site.find(target.address)
    // A healthy host answers at once: most probes of a simulation are of this kind.
    if (machine?.sshd === 'up' && this.#lookAt(machine, target) === 'alive') {
      return { outcome: 'alive', detail: DETAIL.alive }
    }
    const answerMs = this.#faults.ofRead(ANSWER_MS)
    const chance = this.#chance.next(target.address)
    const takesMs = draw(chance, machine?.sshd === 'slow' ? SLOW_ANSWER_MS : answerMs)
    const spentMs = Math.min(takesMs, timeoutMs)
    await sleep(clock, spentMs)
    const outcome = takesMs > timeoutMs ? 'silent' : this.#lookAt(machine, target)
    const waitMs = this.#accepts(machine) ? timeoutMs : connectMs
    if (outcome === 'silent') await sleep(clock, Math.max(0, waitMs - spentMs))
    return { outcome, detail: DETAIL[outcome] }
  }

  forget(_target: SshSettings): void {
    // There is no connection to close, and a key that was seen once stays pinned.
  }

  /** Whether the kernel of the host accepts connections, whatever its sshd does. */
  #accepts(machine: Machine | undefined): boolean {
    if (machine?.isRunning !== true || machine.network === 'cut') return false
    return !this.#faults.isCut(this.#node, `ssh:${machine.name}`)
  }

  #lookAt(machine: Machine | undefined, target: SshSettings): ShellOutcome {
    if (machine === undefined || !this.#accepts(machine)) return 'silent'
    if (machine.sshd === 'down') return 'refused'
    const isKnown = this.#knows(machine, target)
    return machine.sshd !== 'rejects' && isKnown ? 'alive' : 'misconfigured'
  }

  #knows({ hostKey }: Machine, target: SshSettings): boolean {
    const pinned = target.hostKey ?? this.#seenKeys.get(target.address)
    if (pinned === undefined) this.#seenKeys.set(target.address, hostKey)
    if (pinned === undefined || pinned === hostKey) return true
    return readPins(pinned)?.some(({ fingerprint }) => fingerprint === hostKey) === true
  }
}
