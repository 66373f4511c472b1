/** Reads an operator's `policy.yaml`, and the files of `policy.d`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument, visit, type Document } from 'yaml'
import { compilePolicy, type Policy } from '../../gateway/policy/policy.ts'
import type { Config } from '../../schema/config.ts'
import { CodedError, describeError } from '../../schema/errors.ts'

type PolicyFiles = Pick<Config['api'], 'policyFile' | 'policyDirs'>

/** The policy file, there or not, and those of the directories that are there, in the order of oslo.policy. */
export const policyFilesOf = ({ policyFile, policyDirs }: PolicyFiles): readonly string[] => [
  policyFile,
  ...policyDirs.flatMap((directory) =>
    filesIn(directory)
      .filter((name) => !name.startsWith('.'))
      .toSorted()
      .map((name) => join(directory, name)),
  ),
]

/**
 * The default policy with the rules of these files, of which the last counts. That there is no policy file is remarked.
 * CONFIG_INVALID says what is wrong, and where.
 */
export function loadPolicy(files: PolicyFiles, remark: (text: string) => void): Policy {
  let rules: Rules = {}
  for (const path of policyFilesOf(files)) {
    const more = withPath(path, () => rulesIn(path))
    if (more === undefined && path !== files.policyFile) {
      throw new CodedError('CONFIG_INVALID', `${path}: the link leads nowhere`)
    }
    if (more === undefined) remark(`there is no policy file ${path}: the default rules hold`)
    rules = { ...rules, ...more }
    withPath(path, () => compilePolicy(rules))
  }
  return compilePolicy(rules)
}

type Rules = Readonly<Record<string, unknown>>

/** Undefined when there is no such file. */
function rulesIn(path: string): Rules | undefined {
  const text = textOf(path)
  if (text === undefined) return undefined
  const document = parseDocument(text, { uniqueKeys: true })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw problem
  refuseTags(document)
  return rulesOf(document.toJS({ maxAliasCount: 0 }))
}

/** What is thrown names the file. */
function withPath<Result>(path: string, read: () => Result): Result {
  try {
    return read()
  } catch (cause) {
    const text = cause instanceof CodedError ? cause.message : describeError(cause)
    throw new CodedError('CONFIG_INVALID', `${path}: ${text}`, { cause })
  }
}

function filesIn(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    if (isAbsence(error)) return []
    throw new CodedError('CONFIG_INVALID', `${directory}: ${describeError(error)}`, {
      cause: error,
    })
  }
}

/** A rule for every action takes some 5 kB. */
const BYTES_MAX = 1_048_576

/** Undefined when there is no such file. */
function textOf(path: string): string | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
  if (text.length <= BYTES_MAX) return text
  throw new CodedError('CONFIG_INVALID', `the file is longer than ${BYTES_MAX} bytes`)
}

const isAbsence = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

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
function rulesOf(content: unknown): Rules {
  if (content === null) return {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new CodedError('CONFIG_INVALID', 'the file is no mapping of rule names to rules')
  }
  return Object.fromEntries(Object.entries(content))
}
