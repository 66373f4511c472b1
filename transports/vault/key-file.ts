/** The file that holds the keys of stored credentials: made at first start, read by its owner only. */
import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError, describeError } from '../../schema/errors.ts'
import { newKeyLine, parseKeys, type Keyring } from './keyring.ts'

const HEAD = `# Keys of the credentials in the database, one a line: the first seals, all of them open.
# Every controller needs this same file. Without it the credentials are lost.
`

/** The keys of a file, which is made when there is none. CONFIG_INVALID when it cannot be used. */
export async function openKeyFile(path: string): Promise<Keyring> {
  try {
    await ensureFile(path)
    if (((await stat(path)).mode & OTHERS) !== 0) {
      throw new CodedError('CONFIG_INVALID', 'other users of this machine can use it: chmod o= it')
    }
    return parseKeys(await readFile(path, 'utf8'))
  } catch (cause) {
    const message = `the key file ${path} cannot be used: ${reasonOf(cause)}`
    throw new CodedError('CONFIG_INVALID', message, { cause })
  }
}

const OTHERS = 0o007

/** Of several processes that start at once, the first one's key is the key of all. */
async function ensureFile(path: string): Promise<void> {
  try {
    return void (await stat(path))
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
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof CodedError ? error.message : describeError(error)

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
