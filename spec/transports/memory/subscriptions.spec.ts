/** Listeners of the in-process bus. */
import test from 'ava'
import { Subscriptions } from '../../../transports/memory/subscriptions.ts'

test('listeners can be added and removed although the subject was looked up before', (t) => {
  const subscriptions = new Subscriptions<string>()
  subscriptions.add('a.*', 'one')
  t.deepEqual(subscriptions.matching('a.b'), ['one'])
  subscriptions.add('>', 'two')
  t.deepEqual(subscriptions.matching('a.b'), ['one', 'two'])
  subscriptions.remove('one')
  t.deepEqual(subscriptions.matching('a.b'), ['two'])
})
