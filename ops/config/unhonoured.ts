/** Options that bear on security and that nothing here honours: the start is refused, for their author believes in them. */
import { misspeltName } from '../../schema/nearest-name.ts'
import { fateOf, honouredIn } from './fate.ts'
import type { IniFile } from './parse-ini.ts'

/** Words of names that ask for encryption, for a check of certificates or callers, or for none. */
const SECURITY =
  /(^|_)(ssl|tls|mtls|https|ca|cacert|cafile|cert|certs|certfile|keyfile|insecure|verify|fips|sasl|login|ranges)(_|$)/

/** Sections that are about nothing else. */
const SECURITY_SECTIONS = ['keystone_authtoken', 'oslo_policy', 'ssl']

/** Nothing is asked for, or what there always is: RabbitMQ's PLAIN and AMQPLAIN send the same password. */
const NOTHING = ['', 'false', '0', 'no', 'off', 'none', '<none>', 'plain', 'amqplain']

/** Each of them, as `section.option`, with what to do. */
export function unhonoured({
  sections,
}: IniFile): readonly { readonly option: string; readonly text: string }[] {
  return [...sections].flatMap(([section, options]) =>
    [...options].flatMap(([name, value]) => {
      const option = `${section}.${name}`
      const bears = SECURITY_SECTIONS.includes(section) || SECURITY.test(name)
      if (!bears || fateOf(option) !== undefined || isNothing(value)) return []
      const meant = misspeltName(name, honouredIn(section))
      const advice = meant === undefined ? 'take it out' : `did you mean ${meant}?`
      return [{ option, text: `bears on security and is not honoured here: ${advice}` }]
    }),
  )
}

const isNothing = (value: string): boolean => NOTHING.includes(value.trim().toLowerCase())
