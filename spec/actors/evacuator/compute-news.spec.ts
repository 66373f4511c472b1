/** News of Compute's bus reach only the evacuator that moves the instance. */
import test from 'ava'
import {
  ComputeNews,
  NEWS_TOPICS,
  rebuiltInstance,
} from '../../../actors/evacuator/compute-news.ts'
import { encode, subjectOf } from '../../../schema/messages/codec.ts'
import { parseOsloNotification } from '../../../transports/amqp/oslo-envelope.ts'
import { captures } from '../../support/notifications.ts'

const FROM = {
  cloud: 'lab',
  node: 'n',
  incarnation: 'i',
  sequence: 1,
  id: 'm',
  epoch: null,
  sentAt: 0,
}

const matches = (subject: string): boolean =>
  NEWS_TOPICS.some((topic) => {
    const pattern = subjectOf('lab', ...topic).split('.')
    const tokens = subject.split('.')
    return (
      pattern.length === tokens.length &&
      pattern.every((token, at) => token === '*' || token === tokens[at])
    )
  })

test('of all events of Nova, only the end of a rebuild is news, in both forms', async (t) => {
  const heard: string[] = []
  for (const { format, body } of await captures()) {
    const { event } = parseOsloNotification(body)
    const instance = rebuiltInstance(event)
    if (instance === undefined) continue
    t.regex(instance, /^[0-9a-f-]{36}$/)
    t.true(matches(encode('compute.event', event, FROM).subject), event.eventType)
    heard.push(`${format} ${event.eventType}`)
  }
  t.deepEqual([...new Set(heard)].toSorted(), [
    'unversioned compute.instance.rebuild.end',
    'versioned instance.rebuild.end',
  ])
})

const NOTIFICATION = {
  publisher_id: 'compute_task.controller-1',
  priority: 'ERROR',
  timestamp: '2026-11-22 08:35:05.773319',
  message_id: 'm1',
}
const VM = '950e005c-ce9c-478e-9e63-d177488f20bc'

for (const [what, eventType, payload] of [
  ['failed', 'compute.instance.rebuild.error', { instance_id: VM }],
  ['found no host', 'compute_task.rebuild_server', { instance_id: VM }],
  [
    'found no host, as a versioned notification',
    'compute_task.rebuild_server.error',
    { instance_uuid: VM },
  ],
] as const) {
  test(`a rebuild that ${what} is news, and the leader subscribes to it`, (t) => {
    const sent = { ...NOTIFICATION, event_type: eventType, payload }
    const { event } = parseOsloNotification(Buffer.from(JSON.stringify(sent)))
    t.is(rebuiltInstance(event), VM)
    t.true(matches(encode('compute.event', event, FROM).subject))
  })
}

test('the end of something else is no news, and a rebuild without an instance is none', (t) => {
  for (const [eventType, payload] of [
    ['x.rebuild.end', { uuid: VM }],
    ['instance.rebuild.start', { uuid: VM }],
    ['instance.rebuild.end', {}],
  ] as const) {
    const sent = { ...NOTIFICATION, event_type: eventType, payload }
    const { event } = parseOsloNotification(Buffer.from(JSON.stringify(sent)))
    t.is(rebuiltInstance(event), undefined, eventType)
  }
})

test('news reach an evacuator that waits for the instance, once for each question', async (t) => {
  const news = new ComputeNews()
  const [one, other] = [new AbortController(), new AbortController()]
  const heard: string[] = []
  const listen = async (name: string, instances: readonly string[], signal: AbortSignal) => {
    heard.push(`${name}: ${await news.await(new Set(instances), signal)}`)
  }
  const first = listen('one', ['a', 'b'], one.signal)
  const second = listen('other', ['c'], other.signal)
  news.spread('nobody')
  news.spread('b')
  news.spread('a')
  await first
  t.deepEqual(heard, ['one: news'])
  const third = listen('other again', ['c'], other.signal)
  await second
  other.abort()
  await third
  t.deepEqual(heard, ['one: news', 'other: nothing', 'other again: nothing'])
  news.spread('c')
  await listen('the dead', ['c'], other.signal)
  t.is(heard.at(-1), 'the dead: nothing')
})
