/** Our own SSH key pair: made at first start, shown to operators, never replaced by itself. */
import { randomUUID } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { Secret } from '../../schema/control-attributes.ts'
import { CodedError, describeError } from '../../schema/errors.ts'

/** What we log in with. */
export interface KeyPair {
  readonly privateKey: Secret
  /** The line that operators append to `authorized_keys` of the compute hosts. */
  readonly publicKey: string
}

const COMMENT = 'instance-ha'

/** The key pair of the state directory, made when there is none. CONFIG_INVALID when it cannot be read or made. */
export async function ensureKeyPair(directory: string): Promise<KeyPair> {
  const path = join(directory, 'id_ed25519')
  try {
    return decode(await readOrCreate(path))
  } catch (cause) {
    throw new CodedError(
      'CONFIG_INVALID',
      `no usable SSH key in ${path}: ${describeError(cause)}`,
      {
        cause,
      },
    )
  }
}

/** A new pair in OpenSSH's form. The library writes one of 256 so that nobody can read it (ssh2 1.17.0): those are thrown away. */
export function generateKeyPair(): { readonly private: string; readonly public: string } {
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment: COMMENT })
  return ssh2.utils.parseKey(pair.private) instanceof Error ? generateKeyPair() : pair
}

async function readOrCreate(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomUUID()}` // containers that share the directory share process numbers, too
  await writeFile(draft, generateKeyPair().private, { mode: 0o600, flush: true })
  await chmod(draft, 0o600)
  try {
    await link(draft, path) // fails when another process was first: then its key is the one
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
  return readFile(path, 'utf8')
}

function decode(text: string): KeyPair {
  const key = ssh2.utils.parseKey(text)
  if (key instanceof Error) throw key
  const publicKey = `${key.type} ${key.getPublicSSH().toString('base64')} ${COMMENT}`
  return { privateKey: new Secret(text), publicKey }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
