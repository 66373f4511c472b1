/**
 * Finds options that concern security and are not honoured here. The process refuses to start with
 * them, because the operator relies on them.
 */
import { misspeltName } from '../../schema/nearest-name.ts'
import { fateOf, honouredIn } from './fate.ts'
import type { IniFile } from './parse-ini.ts'

/**
 * Words in option names that ask for encryption, for a check of certificates or callers, or switch
 * such a check off.
 */
const SECURITY =
  /(^|_)(ssl|tls|mtls|https|ca|cacert|cafile|cert|certs|certfile|keyfile|insecure|verify|fips|sasl|login|ranges)(_|$)/

/** Sections in which every option concerns security. */
const SECURITY_SECTIONS = ['keystone_authtoken', 'oslo_policy', 'ssl']

/**
 * Values that ask for nothing, or for what is always done: RabbitMQ's PLAIN and AMQPLAIN send the
 * same password.
 */
const NOTHING = ['', 'false', '0', 'no', 'off', 'none', '<none>', 'plain', 'amqplain']

/** Each of these options, as `section.option`, with what to do. */
export function unhonoured({
  sections,
}: Pick<IniFile, 'sections'>): readonly { readonly option: string; readonly text: string }[] {
  return [...sections].flatMap(([section, options]) =>
    [...options].flatMap(([name, value]) => {
      const option = `${section}.${name}`
      const bears = SECURITY_SECTIONS.includes(section) || SECURITY.test(name)
      if (!bears || fateOf(option) !== undefined || isNothing(value)) return []
      const meant = misspeltName(name, honouredIn(section))
      const advice = meant === undefined ? 'remove it' : `did you mean ${meant}?`
      return [{ option, text: `concerns security and is not honoured here: ${advice}` }]
    }),
  )
}

const isNothing = (value: string): boolean => NOTHING.includes(value.trim().toLowerCase())
