/** Anchors are asked by a TCP connection: one that is accepted or refused shows that the network works. */
import { connect } from 'node:net'
import type { AnchorPort } from '../../actors/ports/anchors.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { NetworkAddress } from '../../schema/config/option.ts'

/** Longest wait for an anchor, ms. The kernel repeats its request once in this time. */
const ANSWER_MS = 2000

/** The anchors of the configuration. */
export function tcpAnchors(clock: ClockPort, anchors: readonly NetworkAddress[]): AnchorPort {
  return {
    async unreached() {
      if (anchors.length === 0) return undefined
      const answers = await Promise.all(anchors.map((anchor) => answersAt(clock, anchor)))
      if (answers.includes(true)) return undefined
      const names = anchors.map(({ host, port }) => `${host}:${port}`).join(', ')
      return `this observer reaches none of its anchors: ${names}`
    },
  }
}

async function answersAt(clock: ClockPort, { host, port }: NetworkAddress): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port })
  const cancel = clock.schedule(ANSWER_MS, () => resolve(false))
  socket.once('connect', () => resolve(true))
  socket.once('error', (error) => {
    resolve('code' in error && error.code === 'ECONNREFUSED')
  })
  try {
    return await promise
  } finally {
    cancel()
    socket.destroy()
  }
}
