/**
 * Replaces `$name`, `${name}` and `${section.name}` in a value, as oslo.config does; `$$` and `\$`
 * become one dollar sign.
 */
import { sectionName, type IniFile } from './parse-ini.ts'

/** The value with its references replaced, or what is wrong with one of them. */
export type Substituted =
  | { readonly kind: 'ok'; readonly text: string }
  | { readonly kind: 'problem'; readonly text: string }

interface Scope {
  readonly sections: IniFile['sections']
  readonly section: string
  /** Values that may be referred to although the file does not contain them. */
  readonly ambient: ReadonlyMap<string, string>
}

const REFERENCE = /\\\$|\$\$|\$(?:\{([_a-z][._a-z0-9]*)\}|([_a-z][._a-z0-9]*))/gi
const DEPTH_MAX = 8

/** A reference is looked up in the same section, then in DEFAULT, then in the ambient values. */
export function substitute(text: string, scope: Scope, depth = 0): Substituted {
  let problem: string | undefined
  const replaced = text.replace(REFERENCE, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare
    if (name === undefined) return '$'
    const found = lookUp(name, scope)
    if (found === undefined || depth === DEPTH_MAX) {
      problem ??=
        found === undefined
          ? `refers to $${name}, which the file does not set (write $$ for a dollar sign)`
          : `refers to $${name}, which refers back to itself`
      return whole
    }
    const inner = substitute(found, scope, depth + 1)
    if (inner.kind === 'problem') problem ??= inner.text
    return inner.text
  })
  return problem === undefined ? { kind: 'ok', text: replaced } : { kind: 'problem', text: problem }
}

function lookUp(name: string, { sections, section, ambient }: Scope): string | undefined {
  const dot = name.indexOf('.')
  if (dot > 0) return sections.get(sectionName(name.slice(0, dot)))?.get(name.slice(dot + 1))
  return sections.get(section)?.get(name) ?? sections.get('DEFAULT')?.get(name) ?? ambient.get(name)
}
