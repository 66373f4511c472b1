/** The state of a host's operating system, as SSH shows it. */
import type { SshSettings } from '../../schema/control-attributes.ts'

export const SHELL_OUTCOMES = ['alive', 'refused', 'silent', 'misconfigured'] as const
/**
 * alive: the authenticated connection answered; refused: the host is up and sshd is not; silent: no
 * answer came in time; misconfigured: our key or the pinned host key is wrong.
 */
export type ShellOutcome = (typeof SHELL_OUTCOMES)[number]

export interface ShellProbe {
  readonly outcome: ShellOutcome
  /** One sentence for the evidence; never a secret. */
  readonly detail: string
}

export interface ShellPort {
  /**
   * Checks the host over the kept connection, and opens the connection when necessary. Waits for
   * `timeoutMs` at most, and for `connectMs` when nothing accepts the connection. Never throws for a
   * network reason.
   */
  probe(target: SshSettings, timeoutMs: number, connectMs?: number): Promise<ShellProbe>
  /** Closes the kept connection of a host that is no longer watched. */
  forget(target: SshSettings): void
}
