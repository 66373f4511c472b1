/** Which host key belongs to which host: pinned by the operator, or the first one that was seen. */
import { createHash } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SshSettings } from '../../schema/control-attributes.ts'

/** new: nothing is known yet, and the key may be trusted on first use. */
export type HostKeyVerdict = 'known' | 'new' | 'other'

/** The file of keys trusted on first use, one `[address]:port SHA256:…` a line; operators may remove lines at any time. */
export class HostKeys {
  readonly path: string

  constructor(stateDirectory: string) {
    this.path = join(stateDirectory, 'known_host_keys')
  }

  /** Compares the fingerprint with the pinned key, else with the remembered one. */
  async verify(target: SshSettings, fingerprint: string): Promise<HostKeyVerdict> {
    const expected = target.hostKey ?? (await this.#remembered(target))
    if (expected === undefined) return 'new'
    return expected === fingerprint ? 'known' : 'other'
  }

  /** Remembers the first key of a host. */
  async remember(target: SshSettings, fingerprint: string): Promise<void> {
    await appendFile(this.path, `${nameOf(target)} ${fingerprint}\n`, { mode: 0o600, flush: true })
  }

  async #remembered(target: SshSettings): Promise<string | undefined> {
    const prefix = `${nameOf(target)} `
    const lines = (await this.#read()).split('\n')
    return lines.find((line) => line.startsWith(prefix))?.slice(prefix.length)
  }

  async #read(): Promise<string> {
    try {
      return await readFile(this.path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
      throw error
    }
  }
}

const nameOf = (target: SshSettings): string => `[${target.address}]:${target.port}`

/** `SHA256:` and unpadded base64, as `ssh-keygen -lf` prints it. */
export const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
