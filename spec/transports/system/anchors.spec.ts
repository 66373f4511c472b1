/** Anchors over real TCP: an accepted and a refused connection reach the network, silence does not. */
import { createServer } from 'node:net'
import test from 'ava'
import type { NetworkAddress } from '../../../schema/config/option.ts'
import { tcpAnchors } from '../../../transports/system/anchors.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { anchorConformance } from '../../support/anchor-conformance.ts'
import { openFullListener } from '../../support/full-listener.ts'
import { freePort, listenOn } from '../../support/process.ts'

const clock = new SystemClock()

anchorConformance(test, async () => {
  const silent = await openFullListener()
  const anchors: NetworkAddress[] = [{ host: '127.0.0.1', port: silent.port }]
  const works = { host: '127.0.0.1', port: await freePort() } // it refuses connections
  anchors.push(works)
  return {
    anchors: { unreached: () => tcpAnchors(clock, anchors).unreached() },
    cut: async () => void anchors.pop(),
    mend: async () => void anchors.push(works),
    [Symbol.asyncDispose]: () => silent[Symbol.asyncDispose](),
  }
})

test('no anchor is missed when none is configured', async (t) => {
  t.is(await tcpAnchors(clock, []).unreached(), undefined)
})

test('an anchor that accepts is reached, and its connection ends', async (t) => {
  const port = await freePort()
  const ended = Promise.withResolvers<void>()
  const server = createServer((socket) => socket.on('close', () => ended.resolve()).resume())
  await listenOn(server, port)
  t.teardown(() => server.close())
  t.is(await tcpAnchors(clock, [{ host: '127.0.0.1', port }]).unreached(), undefined)
  await ended.promise
})

test('a name that cannot be looked up is no anchor that is reached', async (t) => {
  const anchors = [{ host: 'no-such-host.invalid', port: 22 }]
  t.is(
    await tcpAnchors(clock, anchors).unreached(),
    'this observer reaches none of its anchors: no-such-host.invalid:22',
  )
})
