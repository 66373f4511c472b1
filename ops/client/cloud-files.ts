/** Finds and reads `clouds.yaml` and `secure.yaml` as openstacksdk does. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { CodedError, describeError } from '../../schema/errors.ts'
import { adviceFor, shownName } from '../../schema/nearest-name.ts'

export type Variables = Readonly<Record<string, string | undefined>>
type Fields = Readonly<Record<string, unknown>>

/** One cloud of the files. */
export interface NamedCloud {
  readonly name: string
  readonly file: string
  readonly fields: Fields
}

/** CONFIG_INVALID with one sentence. */
export const unusable = (text: string, cause?: unknown): CodedError =>
  new CodedError('CONFIG_INVALID', text, cause === undefined ? {} : { cause })

/**
 * The cloud of this name; without a name the only one of the file, or undefined when there is no file. CONFIG_INVALID when a
 * file cannot be read, or has no such cloud.
 */
export function findCloud(name: string | undefined, variables: Variables): NamedCloud | undefined {
  const file = fileOf('clouds', 'OS_CLIENT_CONFIG_FILE', variables)
  if (file === undefined) {
    if (name === undefined) return undefined
    const looked = directoriesOf(variables).join(', ')
    throw unusable(`there is no clouds.yaml with the cloud ${shownName(name)}; looked in ${looked}`)
  }
  const clouds = cloudsIn(file)
  const names = Object.keys(clouds)
  const chosen = name ?? (names.length === 1 ? names[0] : undefined)
  if (chosen === undefined) {
    throw unusable(
      `${file} has several clouds: choose one with OS_CLOUD or --os-cloud (${names.join(', ')})`,
    )
  }
  if (!Object.hasOwn(clouds, chosen)) {
    throw unusable(`${file} has no cloud ${shownName(chosen)}; ${adviceFor(chosen, names)}`)
  }
  const secureFile = fileOf('secure', 'OS_CLIENT_SECURE_FILE', variables)
  const secure = secureFile === undefined ? {} : cloudsIn(secureFile)
  const secrets = Object.hasOwn(secure, chosen) ? secure[chosen] : {}
  return { name: chosen, file, fields: merged(fieldsOf(clouds[chosen]), fieldsOf(secrets)) }
}

const directoriesOf = ({ HOME = '', XDG_CONFIG_HOME }: Variables): readonly string[] => [
  process.cwd(),
  join(XDG_CONFIG_HOME ?? join(HOME, '.config'), 'openstack'),
  '/etc/openstack',
]

function fileOf(name: string, variable: string, variables: Variables): string | undefined {
  const given = variables[variable]
  if (given !== undefined && given !== '') {
    if (existsSync(given)) return given
    throw unusable(`${variable} names ${shownName(given)}, and there is no such file`)
  }
  return directoriesOf(variables)
    .flatMap((directory) => ['yaml', 'yml', 'json'].map((end) => join(directory, `${name}.${end}`)))
    .find((path) => existsSync(path))
}

function cloudsIn(file: string): Fields {
  let value: unknown
  try {
    value = parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    // The text of the parser quotes lines of the file, and one of them may have a password.
    const [first = ''] = describeError(cause).split(/ at line |\n/)
    const line = /at line (\d+)/.exec(describeError(cause))?.[1]
    const where = line === undefined ? '' : ` (line ${line})`
    throw unusable(`${file}${where} cannot be read: ${first}`, cause)
  }
  const { clouds } = fieldsOf(value)
  if (isFields(clouds)) return clouds
  throw unusable(`${file} has no mapping named clouds`)
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})

/** What the second one says counts; mappings are merged. */
const merged = (one: Fields, other: Fields): Fields => ({
  ...one,
  ...Object.fromEntries(
    Object.entries(other).map(([key, value]) => {
      const before = one[key]
      return [key, isFields(value) && isFields(before) ? merged(before, value) : value]
    }),
  ),
})
