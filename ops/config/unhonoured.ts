/** Options that bear on security and that nothing here honours: the start is refused, for their author believes in them. */
import { OPTIONS } from '../../schema/config.ts'
import type { OptionGroup } from '../../schema/config/option.ts'
import { SUPERSEDED } from '../../schema/config/superseded.ts'
import type { IniFile } from './parse-ini.ts'

/** Words of names that ask for encryption, for a check of certificates, or for none. */
const SECURITY =
  /(^|_)(ssl|tls|mtls|https|ca|cacert|cafile|cert|certs|certfile|keyfile|insecure|verify|fips)(_|$)/

/** Nothing is asked for. */
const NOTHING = ['', 'false', '0', 'no', 'off', 'none', '<none>']

/** Each of them, as `section.option`, with what to do. */
export function unhonoured({
  sections,
}: IniFile): readonly { readonly option: string; readonly text: string }[] {
  const known = new Set(
    Object.values<OptionGroup>(OPTIONS)
      .flatMap((options) => Object.values(options))
      .flatMap((option) => option.names),
  )
  return [...sections].flatMap(([section, options]) =>
    [...options].flatMap(([name, value]) => {
      const option = `${section}.${name}`
      const isOurs = known.has(option) || SUPERSEDED[option] !== undefined
      if (isOurs || !SECURITY.test(name) || NOTHING.includes(value.trim().toLowerCase())) return []
      return [{ option, text: 'bears on security and is not honoured here: take it out' }]
    }),
  )
}
