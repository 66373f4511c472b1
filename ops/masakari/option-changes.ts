/** The options of a masakari.conf that do not mean here what they mean for Masakari. Pure. */
import { fateOf } from '../config/fate.ts'
import type { IniFile } from '../config/parse-ini.ts'
import { inBrackets } from '../config/read-option.ts'
import { unhonoured } from '../config/unhonoured.ts'

/** One option of the file. `refused`: no process starts with it. */
export interface OptionChange {
  readonly option: string
  readonly fate: 'other meaning' | 'superseded' | 'without effect' | 'refused' | 'unknown'
  readonly why: string
}

const OWN_DATABASE =
  "names Masakari's database; this product needs another one, which is empty at the beginning"

/** Every option of the file that is not honoured as it is. */
export function optionChanges(file: Pick<IniFile, 'sections'>): readonly OptionChange[] {
  const refused = new Map(unhonoured(file).map(({ option, text }) => [option, text]))
  const names = [...file.sections].flatMap(([section, options]) =>
    [...options.keys()].map((option) => `${section}.${option}`),
  )
  return names.flatMap((name): readonly OptionChange[] => {
    const option = inBrackets(name)
    const problem = refused.get(name)
    if (problem !== undefined) return [{ option, fate: 'refused', why: problem }]
    const fate = fateOf(name)
    if (fate === undefined) return [{ option, fate: 'unknown', why: 'it is ignored' }]
    if (fate.kind !== 'honoured') return [{ option, fate: fate.kind, why: fate.reason }]
    return fate.preferred === 'database.connection'
      ? [{ option, fate: 'other meaning', why: OWN_DATABASE }]
      : []
  })
}
