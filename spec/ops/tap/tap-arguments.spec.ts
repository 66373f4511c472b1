/** What the command tap is asked for. */
import test from 'ava'
import { tap } from '../../../ops/commands/tap.ts'
import { parseSince, readTapArguments, subjectIn } from '../../../ops/tap/tap-arguments.ts'

test('a duration counts back from now, and a time is in UTC', (t) => {
  t.is(parseSince('90s', 100_000), 10_000)
  t.is(parseSince('2h', 7_200_000), 0)
  t.is(parseSince('2026-11-22T08:35:00', 0), Date.UTC(2026, 10, 22, 8, 35))
  for (const text of ['', '10', 'm', '-5m', '10 m', 'yesterday'])
    t.is(parseSince(text, 0), undefined)
})

test('a subject is below the cloud, unless it begins with ha', (t) => {
  t.is(subjectIn('one', 'fault.>'), 'ha.one.fault.>')
  t.is(subjectIn('a.b', '>'), 'ha.a%2eb.>')
  t.is(subjectIn('one', 'ha.>'), 'ha.>')
})

const refused = (...args: readonly string[]): string => {
  const read = readTapArguments(args, 0)
  return typeof read === 'string' ? read : ''
}

test('what cannot be used is refused with what is allowed', (t) => {
  t.regex(refused('a..b'), /dots between/)
  t.regex(refused('>.a'), /dots between/)
  t.regex(refused('a b'), /dots between/)
  t.regex(refused('a', 'b'), /one subject at most/)
  t.regex(refused('--kind', 'host.obsrved'), /did you mean host\.observed/)
  t.regex(refused('--since', 'x'), /10m/)
  t.like(readTapArguments(['fault.*.>', '--kind', 'host', '--json'], 0), {
    subject: 'fault.*.>',
    filter: { kind: 'host' },
    json: true,
  })
})

test('without a configuration, and for a bus in memory, it says why it cannot listen', async (t) => {
  t.is(await tap([]), 2)
})
