/** The exchange on which Nova publishes its notifications. A bridge waits until the cloud has declared it. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'amqplib'
import { describeError } from '../../schema/errors.ts'

const EXCHANGE = 'nova'
/** Between two tries while the broker is not there yet, ms. */
const AGAIN_MS = 2000

/** Declares it on the broker whose URL the file holds, and tries until that succeeds. The simulated Nova publishes nothing on it. */
export async function declareWhenPossible(
  file: string,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  let told = ''
  while (!signal.aborted) {
    try {
      await declare(new URL((await readFile(file, 'utf8')).trim()))
      say(`the exchange ${EXCHANGE} is declared`)
      return
    } catch (error) {
      const reason = describeError(error)
      if (told !== reason) say(`the exchange ${EXCHANGE} is not declared yet: ${reason}`)
      told = reason
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function declare({ hostname, port, username, password }: URL): Promise<void> {
  const login = { username, password: decodeURIComponent(password), vhost: '/' }
  const connection = await connect({ protocol: 'amqp', hostname, port: Number(port), ...login })
  try {
    const channel = await connection.createChannel()
    await channel.assertExchange(EXCHANGE, 'topic', { durable: true })
  } finally {
    await connection.close()
  }
}
