/**
 * Finds and reads the files of a configuration: the main file, the overlays in the folder beside
 * it, and files that hold one secret. Each is bounded, and no other user may change it.
 */
import { readdirSync, readFileSync, statSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../schema/errors.ts'
import { problemsOf, type TrustedPath } from '../trusted-files.ts'

/** The text of a file, or why it cannot be used: sentences with its path. */
export type FileReading =
  { readonly text: string; readonly isPublic: boolean } | { readonly problems: readonly string[] }

const CONFIG_BYTES_MAX = 1_048_576
const SECRET_BYTES_MAX = 65_536
const OVERLAYS_MAX = 100

/** Reads the main file or an overlay. */
export const readConfigFile = (path: string): FileReading =>
  readTrusted({ what: 'the configuration file', path, use: 'trusted' }, CONFIG_BYTES_MAX)

/** Reads the secret in the file that this option names, without the line end after it. */
export function readSecretFile(path: string, option: string): FileReading {
  const what = `the file of ${option}`
  const reading = readTrusted({ what, path, use: 'trusted' }, SECRET_BYTES_MAX)
  if ('problems' in reading) return reading
  const text = reading.text.replace(/\r?\n$/, '')
  return text === '' ? { problems: [`${what} ${path} is empty`] } : { ...reading, text }
}

/** The overlays of a main file in their order, or why its folder cannot be used. */
export function overlaysOf(
  path: string,
): { readonly paths: readonly string[] } | { readonly problems: readonly string[] } {
  const folder = `${path}.d`
  const what = 'the folder of overlays'
  try {
    if (statOf(folder) === undefined) return { paths: [] }
    const problems = problemsOf({ what, path: folder, use: 'directory' })
    if (problems.length > 0) return { problems }
    const names = readdirSync(folder).filter(isOverlay).toSorted()
    const paths = names.map((name) => join(folder, name)).filter((each) => !isDirectory(each))
    if (paths.length <= OVERLAYS_MAX) return { paths }
    return { problems: [`${what} ${folder} has more than ${OVERLAYS_MAX} files`] }
  } catch (error) {
    return { problems: [`cannot read ${folder}: ${describeError(error)}`] }
  }
}

/** Hidden files, backups of editors, and the files of package managers end differently. */
const isOverlay = (name: string): boolean => name.endsWith('.conf') && !name.startsWith('.')

const isDirectory = (path: string): boolean => statOf(path)?.isDirectory() === true

/** Undefined for a path that does not exist, and for a link that leads nowhere. */
const statOf = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false })

function readTrusted(trusted: TrustedPath, bytesMax: number): FileReading {
  const { what, path } = trusted
  try {
    const stats = statSync(path)
    // A pipe would block the process.
    if (!stats.isFile()) return { problems: [`${what} ${path} is not a file`] }
    if (stats.size > bytesMax) {
      return { problems: [`${what} ${path} is longer than ${bytesMax} bytes`] }
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
    const problems = problemsOf(trusted)
    return problems.length > 0 ? { problems } : { text, isPublic: (stats.mode & 0o004) !== 0 }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { problems: [`cannot read ${path}: ${reason}`] }
  }
}
