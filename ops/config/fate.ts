/**
 * Says for each option of a configuration file whether it is used, superseded or without effect.
 * Pure.
 */
import { OPTIONS } from '../../schema/config.ts'
import type { OptionGroup } from '../../schema/config/option.ts'
import { spellingsOf } from '../../schema/config/secret-files.ts'
import { SUPERSEDED } from '../../schema/config/superseded.ts'
import { WITHOUT_EFFECT } from '../../schema/config/without-effect.ts'

/**
 * `superseded`: this product does it in another way; `without effect`: the option concerns
 * something that this product does not have.
 */
export type OptionFate =
  | { readonly kind: 'honoured'; readonly preferred: string }
  | { readonly kind: 'superseded' | 'without effect'; readonly reason: string }

const PREFERRED = new Map(
  Object.values<OptionGroup>(OPTIONS)
    .flatMap((options) => Object.values(options))
    .flatMap((option) => spellingsOf(option).map((name) => [name, option.names[0]])),
)

/** The fate of `section.option`; undefined when the option is not known. */
export function fateOf(option: string): OptionFate | undefined {
  const preferred = PREFERRED.get(option)
  if (preferred !== undefined) return { kind: 'honoured', preferred }
  const superseding = SUPERSEDED[option]
  if (superseding !== undefined) return { kind: 'superseded', reason: superseding }
  const reason = WITHOUT_EFFECT[option]
  return reason === undefined ? undefined : { kind: 'without effect', reason }
}

/** The names of the options of a section that are used. */
export const honouredIn = (section: string): readonly string[] =>
  [...PREFERRED.keys()]
    .filter((option) => option.startsWith(`${section}.`))
    .map((option) => option.slice(section.length + 1))
