/** What a process asks of the machines that it watches, each figure beside the bound that it keeps. */
import { Type, type Static } from 'typebox'
import { Count } from './fields.ts'

const Pause = Type.Union([Count, Type.Null()])

export const BmcPoliteness = Type.Object({
  /** Since the start. */
  commands: Count,
  sessionsOpened: Count,
  sessionsOpen: Count,
  /** More are open only while power-offs are under way. */
  sessionsOpenMax: Count,
  /** Of all BMCs, between the end of one command and the next one; null: no BMC was asked twice. */
  shortestPauseMs: Pause,
  shortestPauseMsMin: Count,
  /** The same around a power-off and its verification. */
  shortestUrgentPauseMs: Pause,
  shortestUrgentPauseMsMin: Count,
})
export type BmcPoliteness = Static<typeof BmcPoliteness>

export const SshPoliteness = Type.Object({
  /** Since the start. */
  connectionsOpened: Count,
  /** Hosts that have one, or are being asked for one. */
  connectionsOpen: Count,
  connectionsOpenMax: Count,
  /** Connections that were accepted and ended without a login: sshd blocks an address for them. */
  loginsUnfinished: Count,
  /** Of all hosts, as many one after the other. */
  loginsUnfinishedInARow: Count,
})
export type SshPoliteness = Static<typeof SshPoliteness>
