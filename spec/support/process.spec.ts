/** Ports of specs while other spec files, which are threads of the same process, start children. */
import { Worker } from 'node:worker_threads'
import { createServer } from 'node:net'
import test from 'ava'
import { freePort, listenOn } from './process.ts'

const STARTING_CHILDREN = `
  const { spawn } = require('node:child_process')
  const again = () => spawn('true').once('exit', again)
  again()
`

test('port is listened on again at once while other threads start children', async (t) => {
  const others = [1, 2].map(() => new Worker(STARTING_CHILDREN, { eval: true }))
  try {
    const port = await freePort()
    let rounds = 0
    for (; rounds < 3000; rounds += 1) {
      const server = createServer()
      await listenOn(server, port)
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      await promise
    }
    t.is(rounds, 3000)
  } finally {
    await Promise.all(others.map((other) => other.terminate()))
  }
})

test('port that stays in use is told', async (t) => {
  const port = await freePort()
  const holder = createServer()
  await listenOn(holder, port)
  t.teardown(() => holder.close())
  await t.throwsAsync(listenOn(createServer(), port, 50), { code: 'EADDRINUSE' })
})
