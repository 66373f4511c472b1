/**
 * Programs that isolate a host when its BMC cannot: fence agents, and commands of the operators.
 */
import type { Secret } from '../../schema/control-attributes.ts'
import type { HostName } from '../../schema/ids.ts'
import type { PowerState } from './power.ts'

/** The program, and its arguments. */
export interface FenceProgram {
  readonly kind: 'agent' | 'command'
  readonly name: string
  readonly host: HostName
  /** What an agent needs to find the host and to log in. */
  readonly options: ReadonlyMap<string, Secret>
  /** The longest run of the program, ms; after it, the program is ended. */
  readonly timeoutMs: number
}

export interface FenceAgentPort {
  /**
   * `off`: the host is certainly isolated. POWER_UNAVAILABLE, POWER_UNREACHABLE,
   * POWER_COMMAND_FAILED.
   */
  read(program: FenceProgram, signal?: AbortSignal): Promise<PowerState>
  /** Orders to isolate the host. Success proves nothing about the state; read it back. */
  off(program: FenceProgram, signal?: AbortSignal): Promise<void>
}
