/** Ports that a process does not have, because none of its roles needs them or because an account is not configured. */
import type { ComputePort } from '../actors/ports/compute.ts'
import type { PlacementPort } from '../actors/ports/placement.ts'
import type { ShellPort } from '../actors/ports/shell.ts'

type AbsentPort = ComputePort & PlacementPort & ShellPort

/** Any of them: every call is refused with this error. */
export function absentPort(refusal: () => Error): AbsentPort {
  const refuse = (): Promise<never> => Promise.reject(refusal())
  return new Proxy({} as AbsentPort, { get: () => refuse }) // safe: every member is the refusal
}
