/** The order that specs give to a fence, and the rungs of its plan. */
import type { FenceOrder } from '../../actors/fence/fence-messages.ts'
import { refOf } from '../../actors/registry.ts'
import type { Rung } from '../../schema/segment-policy.ts'
import { EPOCH, H1, N1, ONE } from './records.ts'

export const FENCE_TIMING = { retryMs: 1000, verifyMs: 500 }

export const BMC: Rung = { kind: 'bmc', limitMs: 60_000 }
export const AGENT: Rung = { kind: 'agent', name: 'fence_apc', limitMs: 30_000 }
export const COMMAND: Rung = { kind: 'command', name: 'blocklist', limitMs: 20_000 }
export const OPERATOR: Rung = { kind: 'operator', limitMs: 90_000 }

/** An order to fence host one by these rungs, without a last resort. */
export const fenceOrder = (...rungs: readonly Rung[]): FenceOrder => ({
  notification: N1,
  host: H1,
  hostName: ONE,
  epoch: EPOCH,
  evidence: [],
  rungs,
  lastResort: null,
  replyTo: refOf('recovery', N1),
})
