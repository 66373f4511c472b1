/** The options of event notifications: off unless they are wanted, and complete where they are. */
import test from 'ava'
import { describeProblems, readConfig } from '../../ops/load-config.ts'
import type { Config } from '../../schema/config.ts'

const ON = '[oslo_messaging_notifications]\ndriver = messagingv2\n'

function read(text: string): Config['events'] {
  const loaded = readConfig(text, 'embedded')
  if (loaded.kind === 'invalid') throw new Error(describeProblems(loaded.problems))
  return loaded.config.events
}

function refused(text: string): readonly string[] {
  const loaded = readConfig(text, 'embedded')
  return loaded.kind === 'invalid' ? describeProblems(loaded.problems).split('\n') : []
}

const urls = (text: string) => read(text).brokers?.urls.map((url) => url.reveal())

test('they are off, whatever brokers the file names', (t) => {
  t.like(read('[DEFAULT]\ntransport_url = rabbit://u:p@h1/'), {
    driver: 'noop',
    topics: ['versioned_notifications'],
    durableQueues: false,
  })
})

test('their own brokers go before those of everything', (t) => {
  const general = '[DEFAULT]\ntransport_url = rabbit://u:p@h1/\n'
  t.deepEqual(urls(general + ON), ['amqp://u:p@h1/%2F'])
  t.deepEqual(urls(`${general}${ON}transport_url = rabbit://u:p@h2/`), ['amqp://u:p@h2/%2F'])
})

test('they need a broker and a topic', (t) => {
  t.deepEqual(refused(`${ON}topics = ,`), [
    '[oslo_messaging_notifications] transport_url: is needed by driver = messagingv2',
    '[oslo_messaging_notifications] topics: driver = messagingv2 needs at least one topic',
  ])
})

test('a value that two options read is refused once', (t) => {
  t.is(refused('[DEFAULT]\ntransport_url = kombu://ha:hunter2@mq/').length, 1)
})
