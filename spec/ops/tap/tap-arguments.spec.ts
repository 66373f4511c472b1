/** What the command tap is asked for. */
import test from 'ava'
import { runCommandLine } from '../../../ops/command-line/main.ts'
import {
  parseSince,
  readTapArguments,
  subjectIn,
  type TapArguments,
} from '../../../ops/tap/tap-arguments.ts'

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

const NOTHING: TapArguments = {
  config: 'ha.conf',
  subject: undefined,
  host: undefined,
  instance: undefined,
  notification: undefined,
  kind: undefined,
  sender: undefined,
  since: undefined,
  json: false,
}

const refused = (asked: Partial<TapArguments>): string => {
  const read = readTapArguments({ ...NOTHING, ...asked }, 0)
  return typeof read === 'string' ? read : ''
}

test('what cannot be used is refused with what is allowed', (t) => {
  t.regex(refused({ subject: 'a..b' }), /dots between/)
  t.regex(refused({ subject: '>.a' }), /dots between/)
  t.regex(refused({ subject: 'a b' }), /dots between/)
  t.regex(refused({ kind: 'host.obsrved' }), /did you mean host\.observed/)
  t.regex(refused({ since: 'x' }), /10m/)
  t.like(readTapArguments({ ...NOTHING, subject: 'fault.*.>', kind: 'host', json: true }, 0), {
    subject: 'fault.*.>',
    filter: { kind: 'host' },
    json: true,
  })
})

test('without a configuration it does not listen, and two subjects are too many', async (t) => {
  t.is(await runCommandLine(['tap']), 2)
  t.is(await runCommandLine(['tap', 'a', 'b', '--config', 'ha.conf']), 2)
})
