/** The output of a program is shown without our values, in any spelling. */
import test from 'ava'
import * as fc from 'fast-check'
import { redactorOf } from '../../schema/redaction.ts'
import { holds } from '../support/holds.ts'

const SECRET = `s3'cr"et+/ <&ä>\\p%`
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const SPELLINGS: Readonly<Record<string, string>> = {
  plain: SECRET,
  'percent-encoded': encodeURIComponent(SECRET),
  'as a form sends it': new URLSearchParams({ p: SECRET }).toString().slice(2),
  'percent-encoded twice': encodeURIComponent(encodeURIComponent(SECRET)),
  'every byte percent-encoded': Buffer.from(SECRET).toString('hex').replaceAll(/../g, '%$&'),
  'in small letters': encodeURIComponent(SECRET).toLowerCase(),
  'as JSON': JSON.stringify(SECRET).slice(1, -1),
  'as JSON in ASCII': String.raw`s3'cr\"et+/ <&\u00e4>\\p%`,
  'as JSON in JSON': JSON.stringify(JSON.stringify(SECRET)),
  'quoted for a shell': `'${SECRET.replaceAll("'", String.raw`'\''`)}'`,
  'quoted by shlex': `'${SECRET.replaceAll("'", `'"'"'`)}'`,
  'with backslashes': SECRET.replaceAll(/[^\w]/gu, String.raw`\$&`),
  'as python shows bytes': String.raw`b's3\'cr"et+/ <&\xc3\xa4>\\p%'`,
  'in HTML': 's3&#39;cr&quot;et+/ &lt;&amp;&#xe4;&gt;\\p%',
  'as hexadecimal digits': Buffer.from(SECRET).toString('hex'),
  'as hexadecimal digits with colons': Buffer.from(SECRET)
    .toString('hex')
    .replaceAll(/..(?!$)/g, '$&:'),
  base64: base64(SECRET),
  'base64 for URLs': Buffer.from(SECRET).toString('base64url'),
  'base64 after one byte': base64(`u${SECRET}`),
  'base64 after two bytes': base64(`u:${SECRET}`),
  'base64 of a login': base64(`admin:${SECRET}:more`),
  'base64 in short lines': base64(SECRET).replaceAll(/.{6}/g, '$&\n'),
  'base64 in a URL': encodeURIComponent(base64(`??>>${SECRET}`)),
}

for (const [spelling, text] of Object.entries(SPELLINGS)) {
  test(`a value is hidden: ${spelling}`, (t) => {
    const shown = redactorOf([SECRET])(`login failed (${text}) for admin`)
    t.regex(shown, /^login failed \(\D{0,3}\*\*\*\D{0,8}\) for admin$/)
    t.notRegex(shown, /cr|et|p%/)
  })
}

test('values of any length and characters are hidden in every encoding, and the rest stays', (t) => {
  const value = fc.string({ minLength: 4, maxLength: 40, unit: 'binary' })
  holds(
    t,
    fc.property(value, fc.nat(2), (secret, before) => {
      fc.pre(!'ok '.includes(secret.trim()))
      const prefix = 'ab'.slice(0, before)
      const redact = redactorOf([secret])
      const spellings = [secret, base64(prefix + secret), Buffer.from(secret).toString('hex')]
      return spellings.every((text) => {
        const shown = redact(`< ${text} >`)
        return shown.startsWith('< ') && shown.includes('***') && !shown.includes(text)
      })
    }),
  )
  t.is(redactorOf([SECRET])('nothing of it'), 'nothing of it')
})

test('a value is recognised without the parts that an agent strips from it', (t) => {
  t.is(redactorOf(['" hunter2 "'])('bad: hunter2'), 'bad: ***')
  t.is(redactorOf(['  hunter2'])('bad: hunter2'), 'bad: ***')
})

test('a short value is hidden where it stands alone, and words like yes stay', (t) => {
  const redact = redactorOf(['17', 'on', '1', '', 'pw'])
  t.is(redact('plug 17 of 1700 is on: pw=pw, 1'), 'plug *** of 1700 is on: ***=***, 1')
})

test('a long value in a long output is handled quickly', (t) => {
  const redact = redactorOf(['x'.repeat(1024), 'a'.repeat(1024), SECRET])
  const startedAt = performance.now()
  t.regex(redact('x'.repeat(256 * 1024)), /^(?:\*\*\*)+$/)
  redact('y'.repeat(256 * 1024))
  t.true(performance.now() - startedAt < 10_000)
})
