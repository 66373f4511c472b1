/** The log writes JSON lines and censors what may hold a secret. */
import test from 'ava'
import { Secret } from '../../../schema/control-attributes.ts'
import { CodedError } from '../../../schema/errors.ts'
import { createLogger } from '../../../transports/log/logger.ts'

function memory(): { readonly lines: string[]; write(line: string): void } {
  const lines: string[] = []
  return { lines, write: (line) => void lines.push(line) }
}

const parsed = (lines: readonly string[]): readonly Record<string, unknown>[] =>
  lines.map((line): Record<string, unknown> => JSON.parse(line))

test('each event is one JSON line with level, time, fields and sentence', (t) => {
  const sink = memory()
  createLogger('info', sink).warn({ host: 'compute-3' }, 'a host\nwent silent')
  t.is(sink.lines.join('').split('\n').length, 2)
  const [line] = parsed(sink.lines)
  t.like(line, { level: 'warn', host: 'compute-3', msg: 'a host\nwent silent' })
  t.regex(String(line?.['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

test('lines below the level are left out', (t) => {
  const sink = memory()
  const log = createLogger('warn', sink)
  log.info({}, 'one')
  log.warn({}, 'two')
  log.error({}, 'three')
  t.deepEqual(
    parsed(sink.lines).map(({ msg }) => msg),
    ['two', 'three'],
  )
})

test('secrets are censored at the top and three levels down', (t) => {
  const sink = memory()
  const secrets = { password: 'hunter2', token: 'hunter2', control_attributes: 'hunter2' }
  createLogger('info', sink).info(
    {
      ...secrets,
      'x-auth-token': 'hunter2',
      bmc: { ...secrets, inner: { ...secrets, deeper: { ...secrets } } },
      request: { headers: { 'x-auth-token': 'hunter2', authorization: 'hunter2' } },
      wrapped: new Secret('hunter2'),
    },
    'a line',
  )
  t.notRegex(sink.lines.join(''), /hunter2/)
  t.regex(sink.lines.join(''), /"password":"\*\*\*"/)
})

test('an error keeps its code and its cause', (t) => {
  const sink = memory()
  const error = new CodedError('STORE_UNAVAILABLE', 'no answer', {
    cause: new Error('ECONNREFUSED'),
  })
  createLogger('info', sink).error({ error }, 'a write failed')
  t.regex(sink.lines.join(''), /STORE_UNAVAILABLE/)
  t.regex(sink.lines.join(''), /ECONNREFUSED/)
})
