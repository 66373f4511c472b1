/** Reads an operator's `policy.yaml`. */
import { readFileSync } from 'node:fs'
import { parseDocument, visit, type Document } from 'yaml'
import { compilePolicy, type Policy } from '../../gateway/policy/policy.ts'
import { CodedError, describeError } from '../../schema/errors.ts'

/** The policy with the file's rules; the default one without a file. CONFIG_INVALID says what is wrong, and where. */
export function loadPolicy(path: string | undefined): Policy {
  if (path === undefined) return compilePolicy({})
  try {
    const document = parseDocument(textOf(path), { uniqueKeys: true })
    const [problem] = [...document.errors, ...document.warnings]
    if (problem !== undefined) throw problem
    refuseTags(document)
    return compilePolicy(rulesOf(document.toJS({ maxAliasCount: 0 })))
  } catch (cause) {
    const text = cause instanceof CodedError ? cause.message : describeError(cause)
    throw new CodedError('CONFIG_INVALID', `${path}: ${text}`, { cause })
  }
}

/** A rule for every action takes some 5 kB. */
const BYTES_MAX = 1_048_576

function textOf(path: string): string {
  const text = readFileSync(path, 'utf8')
  if (text.length <= BYTES_MAX) return text
  throw new CodedError('CONFIG_INVALID', `the file is longer than ${BYTES_MAX} bytes`)
}

/** A bare `!`, meant as "nobody", is a tag of YAML, and what is left of the rule would let everybody in. */
function refuseTags(document: Document): void {
  visit(document, {
    Scalar(_key, { tag }) {
      if (tag !== '!') return
      throw new CodedError('CONFIG_INVALID', 'a rule that begins with ! must stand in quotes')
    },
  })
}

/** A file in which every line is a comment says nothing. */
function rulesOf(content: unknown): Readonly<Record<string, unknown>> {
  if (content === null) return {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new CodedError('CONFIG_INVALID', 'the file is no mapping of rule names to rules')
  }
  return Object.fromEntries(Object.entries(content))
}
