/**
 * Disconnects callers that do not read their answers, because unread answers stay in our memory.
 */
import { finished } from 'node:stream'
import type { ServerResponse } from 'node:http'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { GatewayApp } from '../app.ts'

/** The longest time for reading a whole answer, ms. 100 kB/s are enough for the longest answers. */
const READ_MS_MAX = 60_000
/**
 * The limit for all unread answers together. Beyond it, the callers with the oldest answers are
 * disconnected.
 */
const UNREAD_BYTES_MAX = 32_000_000

/** Watches each answer that is sent as one buffer. Streams have their own limit. */
export function cutSlowReaders(app: GatewayApp, clock: ClockPort): void {
  const unread = new Map<ServerResponse, number>()
  let bytes = 0

  const makeRoom = (latest: ServerResponse): void => {
    for (const answer of unread.keys()) {
      if (bytes <= UNREAD_BYTES_MAX || answer === latest) return
      forget(answer)
      answer.destroy()
    }
  }
  const forget = (answer: ServerResponse): void => {
    bytes -= unread.get(answer) ?? 0
    unread.delete(answer)
  }

  app.addHook('onSend', async (_request, { raw }, payload) => {
    if (!Buffer.isBuffer(payload)) return
    unread.set(raw, payload.length)
    bytes += payload.length
    const cancel = clock.schedule(READ_MS_MAX, () => raw.destroy())
    finished(raw, () => {
      cancel()
      forget(raw)
    })
    makeRoom(raw)
  })
}
