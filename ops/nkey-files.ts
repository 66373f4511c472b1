/** The NKeys of accounts as files of a directory: a process is given its seed, a server knows only the public key. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nkeys } from 'nats'
import { CodedError } from '../schema/errors.ts'

/**
 * The public key of an account. A seed is made when the directory has neither a seed (`NAME.nk`, which the process is given) nor a
 * public key (`NAME.pub`, of a seed that was made elsewhere). CONFIG_INVALID for a file without a key of a user.
 */
export async function publicKeyOf(directory: string, name: string): Promise<string> {
  const [seedFile, publicFile] = [join(directory, `${name}.nk`), join(directory, `${name}.pub`)]
  const published = await textOf(publicFile)
  if (published !== undefined) return knownUser(published.trim(), publicFile)
  const kept = await textOf(seedFile)
  if (kept !== undefined) return fromSeed(kept.trim(), seedFile)
  const made = nkeys.createUser()
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const seed = new TextDecoder().decode(made.getSeed())
  await writeFile(seedFile, `${seed}\n`, { mode: 0o600, flag: 'wx' })
  return made.getPublicKey()
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function knownUser(key: string, path: string): string {
  if (/^U[A-Z2-7]{55}$/.test(key) && isValid(() => nkeys.fromPublic(key))) return key
  throw new CodedError('CONFIG_INVALID', `${path} has no public NKey of a user: it begins with U`)
}

function fromSeed(seed: string, path: string): string {
  const pair = isValid(() => nkeys.fromSeed(new TextEncoder().encode(seed)))
  const key = pair?.getPublicKey() ?? ''
  if (key.startsWith('U')) return key
  throw new CodedError(
    'CONFIG_INVALID',
    `${path} has no seed of an NKey of a user: it begins with SU`,
  )
}

/** The outcome; undefined when the library refuses the text. */
function isValid<Outcome>(read: () => Outcome): Outcome | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
