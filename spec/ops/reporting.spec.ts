/** Event notifications of a configured process, on a real RabbitMQ: the queues that they reach. */
import { readFile } from 'node:fs/promises'
import { connect, type Channel, type ChannelModel } from 'amqplib'
import test from 'ava'
import { describeProblems, readConfig } from '../../ops/load-config.ts'
import { startReporting } from '../../ops/roles/reporting.ts'
import { parseOsloNotification } from '../../transports/amqp/oslo-envelope.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { silentLog } from '../support/logs.ts'
import { startRabbitmq } from '../support/rabbitmq.ts'
import { segmentFields } from '../support/store-world.ts'
import { until } from '../support/until.ts'

/**
 * Waits for the queue that the product makes. While a busy broker makes a quorum queue, it may end the connection of
 * somebody else who asks for it.
 */
async function listenTo(url: string, queue: string) {
  let last: { readonly connection: ChannelModel; readonly channel: Channel } | undefined
  await until(
    `the queue ${queue} is there`,
    async () => {
      const connection = await connect(url)
      try {
        connection.on('error', () => undefined)
        const channel = await connection.createChannel()
        channel.on('error', () => undefined)
        await channel.checkQueue(queue)
        last = { connection, channel }
        return true
      } catch {
        await connection.close().catch(() => undefined) // it may be closed already
        return false
      }
    },
    40_000,
    500,
  )
  if (last === undefined) throw new Error('there is no connection')
  const { connection, channel } = last
  return { connection, channel, [Symbol.asyncDispose]: () => connection.close() }
}

test('events go to quorum queues of versioned_notifications, whatever the option topics says', async (t) => {
  await using broker = await startRabbitmq()
  const text = await readFile('spec/fixtures/config/events-kolla.conf', 'utf8')
  const address = broker.url.replace('amqp:', 'rabbit:')
  const loaded = readConfig(text.replace(/rabbit:.*/, address), 'embedded')
  if (loaded.kind === 'invalid') return t.fail(describeProblems(loaded.problems))
  const world = { clock: new SystemClock(), random: new SystemRandom(), log: silentLog }
  await using written = openSqliteStore(':memory:', world)
  await written.migrate()
  await using reporting = startReporting(loaded.config, written, world)
  await reporting.store.createSegment(segmentFields('rack-1'))
  await using listening = await listenTo(broker.url, 'versioned_notifications.info')
  const { connection, channel } = listening
  const events: string[] = []
  await channel.consume('versioned_notifications.info', (message) => {
    if (message === null) return
    events.push(parseOsloNotification(message.content).event.eventType)
    channel.ack(message)
  })
  await until('both came', () => events.length === 2, 40_000)
  t.deepEqual(events, ['segment.create.start', 'segment.create.end'])
  // A queue of the topic in the file would belong to another service.
  const absent = await connection.createChannel()
  absent.on('error', () => undefined)
  await t.throwsAsync(absent.checkQueue('notifications.info'), { message: /404/ })
})
