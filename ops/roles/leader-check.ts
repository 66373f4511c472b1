/**
 * Checks whether an engine leads. Without a leader, no recovery goes on, even when every process is
 * healthy.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { LeaseHolder, LeasePort } from '../../actors/ports/lease.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import { isoTime } from '../../schema/time.ts'
import { SILENT_MS } from './heard-processes.ts'

export interface LeaderCheckWorld {
  readonly clock: ClockPort
  readonly lease: LeasePort
  /**
   * When the latest message of a leader was received, by the monotonic clock; without one, the time
   * since which we listen.
   */
  readonly leaderHeardAtMs: () => number
  /** Whether an engine was heard lately that may lead soon. */
  readonly isEngineAlive: () => boolean
  /** A new engine takes over within this time after the last message of the previous leader, ms. */
  readonly graceMs: number
}

/**
 * A ready engine leads, or stands by for a leader. Other roles can work without a leader, but their
 * check reports its absence, too.
 */
export function leaderCheck(
  { clock, lease, leaderHeardAtMs, isEngineAlive, graceMs }: LeaderCheckWorld,
  need: ReadinessCheck['need'],
): ReadinessCheck {
  return {
    name: 'leader',
    need,
    check: async () => {
      const silentMs = clock.monotonicMs() - leaderHeardAtMs()
      const since = isoTime(clock.wallMs() - silentMs)
      if (!isEngineAlive() && silentMs >= SILENT_MS) {
        throw new CodedError(
          'NOT_READY',
          `no engine is alive, and none has led since ${since}: start one`,
        )
      }
      if (silentMs <= graceMs) return
      throw new CodedError(
        'NOT_READY',
        `no engine has led since ${since}: ${await reasonOf(lease)}`,
      )
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
    : `the lease holds a value that no engine has written: "${holder.name}"`
}
