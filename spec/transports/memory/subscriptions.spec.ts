/** Wildcards of the in-process bus, compared with a simple matching. */
import test from 'ava'
import * as fc from 'fast-check'
import { covers, Subscriptions } from '../../../transports/memory/subscriptions.ts'
import { holds } from '../../support/holds.ts'
import { coversByReference, patternTokens, subjectTokens } from '../../support/wildcards.ts'

test('a pattern covers the same subjects as a regular expression', (t) => {
  holds(
    t,
    fc.property(patternTokens, subjectTokens, (pattern, subject) => {
      return covers(pattern, subject) === coversByReference(pattern, subject)
    }),
    { numRuns: 2000 },
  )
})

test('listeners can be added and removed although the subject was looked up before', (t) => {
  const subscriptions = new Subscriptions<string>()
  subscriptions.add('a.*', 'one')
  t.deepEqual(subscriptions.matching('a.b'), ['one'])
  subscriptions.add('>', 'two')
  t.deepEqual(subscriptions.matching('a.b'), ['one', 'two'])
  subscriptions.remove('one')
  t.deepEqual(subscriptions.matching('a.b'), ['two'])
})
