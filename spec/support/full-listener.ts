/** A port of 127.0.0.1 whose kernel accepts no more connections: to clients it looks like a host without power. */
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { freePort } from './process.ts'

/** Its thread never takes a connection, so those that came first fill the kernel's queue. */
const LISTENER = `
  const { createServer } = require('node:net')
  const { parentPort, workerData } = require('node:worker_threads')
  createServer().listen({ host: '127.0.0.1', port: workerData, backlog: 1 }, () => {
    parentPort.postMessage('listens')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
`
/** More than the queue holds. */
const FILLING = 4
/** The kernel answers a connection on loopback within this time, or never, ms. */
const ANSWER_MS = 200

/** Opens such a port: this one, or a free one. */
export async function openFullListener(
  wanted?: number,
): Promise<AsyncDisposable & { readonly port: number }> {
  const port = wanted ?? (await freePort())
  const worker = new Worker(LISTENER, { eval: true, workerData: port })
  await new Promise((resolve) => worker.once('message', resolve))
  const sockets: Socket[] = []
  for (let count = 0; count < FILLING; count += 1) {
    sockets.push(connect(port, '127.0.0.1').on('error', () => undefined))
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS))
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await worker.terminate()
    },
  }
}
