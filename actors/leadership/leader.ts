/** Supervises everything that acts, for one epoch: the intake, the dedup window, the housekeeper, and one segment actor a segment. */
import type { Epoch, HostId, SegmentId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import {
  define,
  tell,
  type Definition,
  type KernelEffect,
  type MemorySizes,
  type Step,
} from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import type { UnfinishedRecovery } from '../ports/store.ts'
import { refOf, startChild } from '../registry.ts'

export type LeaderMessage =
  | { readonly type: 'leader.begin' }
  | {
      readonly type: 'leader.recover'
      readonly unfinished: UnfinishedRecovery
      readonly evidence: readonly string[]
      readonly objection: string | null
    }
  | {
      readonly type: 'leader.host-alive'
      readonly segment: SegmentId
      readonly host: HostId
      readonly reason: string
    }

export interface LeaderState {
  readonly kind: 'leading'
}

type LeaderStep = Step<LeaderState, KernelEffect<LeaderMessage>>

export const leader =
  (epoch: Epoch) =>
  (state: LeaderState, message: LeaderMessage): LeaderStep => {
    switch (message.type) {
      case 'leader.begin':
        return [
          state,
          [
            startChild('dedup-window', 'leader', epoch),
            startChild('intake', 'leader', epoch),
            startChild('returner', 'leader', epoch),
            startChild('reconciler', 'leader', epoch),
            startChild('guest-follower', 'leader', epoch),
            startChild('housekeeper', 'leader', undefined),
          ],
        ]
      case 'leader.recover': {
        const { unfinished, evidence, objection } = message
        const { segment } = unfinished.notification
        const recover = { type: 'segment.recover', unfinished, evidence, objection } as const
        return [
          state,
          [
            startChild('segment', segment, { segment, epoch }),
            tell(refOf('segment', segment), recover),
          ],
        ]
      }
      case 'leader.host-alive': {
        const { host, reason } = message
        const to = refOf('segment', message.segment)
        return [state, [tell(to, { type: 'segment.host-alive', host, reason })]]
      }
      default:
        return assertNever(message)
    }
  }

/** The supervisor of everything that acts with this epoch; it shows how much its memory holds. */
export function defineLeader(epoch: Epoch, holds: MemorySizes): Definition<LeaderMessage> {
  return define<LeaderState, LeaderMessage, never>({
    initial: { kind: 'leading' },
    behaviour: leader(epoch),
    first: { type: 'leader.begin' },
    policy: SUPERVISION.leader,
    perform: () => undefined,
    holds,
  })
}
