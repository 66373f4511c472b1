/** Connects an operator's command to the bus that the configuration names, to listen only. */
import type { LogFields, LogPort } from '../../actors/ports/log.ts'
import type { Config } from '../../schema/config.ts'
import { CodedError } from '../../schema/errors.ts'
import { openTap, type NatsTap, type TapListener } from '../../transports/nats/tap.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { natsCredentials } from '../nats-credentials.ts'
import { refuseUntrusted, trustedPaths } from '../trusted-files.ts'
import { harmless } from './harmless.ts'

/** What to listen to. */
export interface Listening extends Pick<TapListener, 'onMessage'> {
  readonly pattern: string
  /** Wall ms; undefined: only what is said from now on. */
  readonly since: number | undefined
  /** What an operator must know of the connection, one sentence each. */
  readonly onNote: (note: string) => void
}

/** Listens until it is disposed of. CONFIG_INVALID when the bus cannot be reached from outside, or a file cannot be used. */
export function tapOf(config: Config, listening: Listening): NatsTap {
  const { bus } = config
  if (bus.location.kind === 'memory') {
    const text =
      '[bus] servers is memory: this bus is inside one process, and no other process can listen to it. ' +
      'Use NATS, or follow recoveries with GET /v1/notifications/{uuid}/events'
    throw new CodedError('CONFIG_INVALID', text)
  }
  refuseUntrusted(trustedPaths(config))
  const { onNote, onMessage, pattern, since } = listening
  return openTap(
    {
      servers: bus.location.servers,
      cloud: bus.cloud,
      node: config.node.name,
      credentials: natsCredentials(bus),
      clock: new SystemClock(),
      random: new SystemRandom(),
      log: notesOf(onNote),
      pattern,
      since,
    },
    {
      onMessage,
      onNoHistory: (reason) => onNote(`the fault stream cannot be read: ${harmless(reason)}`),
    },
  )
}

/** What the transport logs, as notes. Of what is denied, the operation and the subject are named. */
function notesOf(onNote: (note: string) => void): LogPort {
  const note = (fields: LogFields, text: string): void => {
    const { operation, subject, reason, server } = fields
    if (typeof operation === 'string' && typeof subject === 'string') {
      const act = operation === 'publish' ? 'publish' : 'subscribe to'
      return onNote(harmless(`NATS does not allow this account to ${act} ${subject}`))
    }
    const detail = reason ?? server
    onNote(harmless(typeof detail === 'string' ? `${text}: ${detail}` : text))
  }
  return { info: () => undefined, warn: note, error: note }
}
