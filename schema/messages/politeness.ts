/** The requests of a process to the machines that it watches, each number beside its limit. */
import { Type, type Static } from 'typebox'
import { Count } from './fields.ts'

const Pause = Type.Union([Count, Type.Null()])

export const BmcPoliteness = Type.Object({
  /** Since the start. */
  commands: Count,
  sessionsOpened: Count,
  sessionsOpen: Count,
  /** More sessions are open only while power-offs are carried out. */
  sessionsOpenMax: Count,
  /**
   * The shortest pause of all BMCs between the end of one command and the next command; null: no
   * BMC had two commands.
   */
  shortestPauseMs: Pause,
  shortestPauseMsMin: Count,
  /** The same pause before and after a power-off and its verification. */
  shortestUrgentPauseMs: Pause,
  shortestUrgentPauseMsMin: Count,
})
export type BmcPoliteness = Static<typeof BmcPoliteness>

export const SshPoliteness = Type.Object({
  /** Since the start. */
  connectionsOpened: Count,
  /** Hosts with a connection, or with one that is being opened. */
  connectionsOpen: Count,
  connectionsOpenMax: Count,
  /** Connections that were accepted and ended without a login. For these, sshd blocks an address. */
  loginsUnfinished: Count,
  /** The largest number of such connections in a row, of all hosts. */
  loginsUnfinishedInARow: Count,
})
export type SshPoliteness = Static<typeof SshPoliteness>
