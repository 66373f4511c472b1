/** Programs that cut a host off when its BMC cannot: fence agents, and commands of the operators. */
import type { Secret } from '../../schema/control-attributes.ts'
import type { HostName } from '../../schema/ids.ts'
import type { PowerState } from './power.ts'

/** Which program is told what. */
export interface FenceProgram {
  readonly kind: 'agent' | 'command'
  readonly name: string
  readonly host: HostName
  /** What an agent needs to find the host and to be let in. */
  readonly options: ReadonlyMap<string, Secret>
  /** Longest run; then it is ended. */
  readonly timeoutMs: number
}

export interface FenceAgentPort {
  /** `off`: the host is certainly cut off. POWER_UNAVAILABLE, POWER_UNREACHABLE, POWER_COMMAND_FAILED. */
  read(program: FenceProgram, signal?: AbortSignal): Promise<PowerState>
  /** Orders it; success says nothing about the state: read it back. */
  off(program: FenceProgram, signal?: AbortSignal): Promise<void>
}
