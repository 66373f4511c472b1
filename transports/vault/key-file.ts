/**
 * The file with the keys of stored credentials: made at the first start, and readable for its owner
 * only.
 */
import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError, describeError } from '../../schema/errors.ts'
import { distrustOf } from '../../schema/file-trust.ts'
import { newKeyLine, parseKeys, type Keyring } from './keyring.ts'

const HEAD = `# Keys of the credentials in the database, one a line: the first seals, all of them open.
# Every controller needs this same file. Without it the credentials are lost.
`

/**
 * The keys of a file; undefined when there is no such file. CONFIG_INVALID when it cannot be used.
 */
export async function readKeyFile(path: string): Promise<Keyring | undefined> {
  try {
    const distrust = distrustOf('secret', (await stat(path)).mode)
    if (distrust !== undefined) throw new CodedError('CONFIG_INVALID', distrust)
    return parseKeys(await readFile(path, 'utf8'))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined
    throw unusable(path, cause)
  }
}

/**
 * The keys of a file, and whether we made it because there was none. CONFIG_INVALID when it cannot
 * be used.
 */
export async function makeKeyFile(
  path: string,
): Promise<{ readonly keyring: Keyring; readonly isNew: boolean }> {
  let isNew: boolean
  try {
    isNew = await ensureFile(path)
  } catch (cause) {
    throw unusable(path, cause)
  }
  const keyring = await readKeyFile(path)
  if (keyring !== undefined) return { keyring, isNew }
  throw unusable(path, new CodedError('CONFIG_INVALID', 'it was removed while it was being read'))
}

/** The keys of a file, which is made when there is none. */
export const openKeyFile = async (path: string): Promise<Keyring> =>
  (await makeKeyFile(path)).keyring

/** Removes our new file when another machine's key was first. */
export const removeKeyFile = (path: string): Promise<void> => rm(path, { force: true })

const unusable = (path: string, cause: unknown): CodedError =>
  new CodedError('CONFIG_INVALID', `the key file ${path} cannot be used: ${reasonOf(cause)}`, {
    cause,
  })

/** When several processes start at the same time, the key of the first one is the key of all. */
async function ensureFile(path: string): Promise<boolean> {
  try {
    await stat(path)
    return false
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomUUID()}`
  try {
    await using file = await open(draft, 'wx', 0o600)
    await file.writeFile(`${HEAD}${newKeyLine()}\n`)
    await file.sync()
    await link(draft, path)
    return true
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    return false
  } finally {
    await rm(draft, { force: true })
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof CodedError ? error.message : describeError(error)

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
