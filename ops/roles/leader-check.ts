/** Whether anybody leads: without a leader nothing is recovered, however well each process is. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { LeaseHolder, LeasePort } from '../../actors/ports/lease.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import { isoTime } from '../../schema/time.ts'

export interface LeaderCheckWorld {
  readonly clock: ClockPort
  readonly lease: LeasePort
  /** When a leader was heard of last, by the monotonic clock; when nobody was, since when we listen. */
  readonly leaderHeardAtMs: () => number
  /** An engine takes over within so long of the last word of the one before, ms. */
  readonly graceMs: number
}

/** An engine that is ready leads, or stands by for one that does; other roles go on, and say it all the same. */
export function leaderCheck(
  { clock, lease, leaderHeardAtMs, graceMs }: LeaderCheckWorld,
  need: ReadinessCheck['need'],
): ReadinessCheck {
  return {
    name: 'leader',
    need,
    check: async () => {
      const silentMs = clock.monotonicMs() - leaderHeardAtMs()
      if (silentMs <= graceMs) return
      const since = isoTime(clock.wallMs() - silentMs)
      throw new CodedError('NOT_READY', `nobody leads since ${since}: ${await reasonOf(lease)}`)
    },
  }
}

async function reasonOf(lease: LeasePort): Promise<string> {
  try {
    return wordsOf(await lease.look())
  } catch (error) {
    return `the lease cannot be read (${describeError(error).slice(0, REASON_CHARS_MAX)})`
  }
}

const REASON_CHARS_MAX = 300

function wordsOf(holder: LeaseHolder | undefined): string {
  if (holder === undefined) return 'the lease is free, and no engine takes it'
  return holder.isEngine
    ? `the lease is held by ${holder.name}, which does not lead`
    : `the lease is held by something that no engine has written: "${holder.name}"`
}
