/** Keeps a link to one broker of a cluster, for ever: one after the other, with growing pauses while none works. */
import { sleep, type ClockPort, type RandomPort } from '../../actors/ports/clock.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { describeError } from '../../schema/errors.ts'
import type { TlsMaterial } from '../../schema/tls.ts'
import type { LinkState } from './link-state.ts'

export interface LinkKeeping {
  /** The brokers of one cluster, tried in turn: `amqp[s]://user:password@host:port/vhost`. */
  readonly urls: readonly [Secret, ...Secret[]]
  /** Undefined: as the URLs say. */
  readonly tls: TlsMaterial | undefined
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: LogPort
}

const RECONNECT_MS = 200
const RECONNECT_MS_MAX = 5000

/**
 * Uses one link to its end and answers why it ended; a link that never worked throws. Until stopped.
 * An outage with one reason is one line of the log, however often the broker is tried.
 */
export async function keepLinked(
  { urls, clock, random, log }: LinkKeeping,
  use: (url: Secret) => Promise<string>,
  { state, stop }: { readonly state: LinkState; readonly stop: AbortSignal },
): Promise<void> {
  let told: string | undefined
  const warn = (reason: string): void => {
    state.down(reason)
    if (stop.aborted || reason === told) return
    told = reason
    log.warn({ reason }, 'not linked to the notification broker')
  }
  let failures = 0
  for (let turn = 0; !stop.aborted; turn += 1) {
    try {
      const ended = await use(urls[turn % urls.length] ?? urls[0])
      told = undefined
      warn(ended)
      failures = 0
    } catch (error) {
      warn(describeError(error))
      failures += 1
    }
    const backoffMs = Math.min(RECONNECT_MS_MAX, RECONNECT_MS * 2 ** Math.min(failures, 8))
    await sleep(clock, backoffMs * (0.5 + random.next() / 2), stop)
  }
}
