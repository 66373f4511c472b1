/** Reads an operator's `policy.yaml` and the files in `policy.d`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument, visit, type Document } from 'yaml'
import { compilePolicy, type Policy } from '../../gateway/policy/policy.ts'
import type { Config } from '../../schema/config.ts'
import { CodedError, describeError } from '../../schema/errors.ts'

type PolicyFiles = Pick<Config['api'], 'policyFile' | 'policyDirs'>

/**
 * The policy file, whether it exists or not, and the files of the existing directories, in the
 * order of oslo.policy.
 */
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
 * The default policy with the rules of these files; when a rule occurs several times, the last one
 * counts. When there is no policy file, a remark says so. CONFIG_INVALID says what is wrong, and in
 * which file.
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

/** Undefined when the file does not exist. */
function rulesIn(path: string): Rules | undefined {
  const text = textOf(path)
  if (text === undefined) return undefined
  const document = parseDocument(text, { uniqueKeys: true })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw problem
  refuseTags(document)
  return rulesOf(document.toJS({ maxAliasCount: 0 }))
}

/** An error that is thrown names the file. */
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

/** A file with a rule for every action has about 5 kB. */
const BYTES_MAX = 1_048_576

/** Undefined when the file does not exist. */
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

/**
 * A bare `!`, meant as "nobody", is a tag in YAML. The rest of the rule would be empty, and an
 * empty rule allows everybody.
 */
function refuseTags(document: Document): void {
  visit(document, {
    Scalar(_key, { tag }) {
      if (tag !== '!') return
      throw new CodedError('CONFIG_INVALID', 'a rule that begins with ! must be in quotes')
    },
  })
}

/** A file in which every line is a comment has no rules. */
function rulesOf(content: unknown): Rules {
  if (content === null) return {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new CodedError('CONFIG_INVALID', 'the file is not a mapping of rule names to rules')
  }
  return Object.fromEntries(Object.entries(content))
}
