/** Which host keys belong to which host: pinned by the operator, or the first one that was seen. */
import { createHash } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SshSettings } from '../../schema/control-attributes.ts'
import {
  hostKeyTypeOf,
  readPins,
  type HostKeyPin,
  type HostKeyType,
} from '../../schema/host-key-pins.ts'

/** A key as a server shows it. */
export interface ShownKey {
  /** As the server names it: it may be one that we do not know. */
  readonly type: string
  readonly fingerprint: string
}

/**
 * The file of keys trusted on first use, one `[address]:port SHA256:… <type>` a line; several lines of one host are several
 * keys, and lines of earlier releases have no type. Operators may remove lines at any time.
 */
export class HostKeys {
  readonly path: string
  /** Types of bare fingerprints that servers have proved: as many as there are such pins. */
  readonly #types = new Map<string, HostKeyType>()

  constructor(stateDirectory: string) {
    this.path = join(stateDirectory, 'known_host_keys')
  }

  /** The pinned keys, else the remembered ones; none: the first key is trusted. */
  async known(target: SshSettings): Promise<readonly HostKeyPin[]> {
    const pins =
      target.hostKey === undefined ? await this.#remembered(target) : readPins(target.hostKey)
    return (pins ?? []).map(({ type, fingerprint }) => ({
      type: type ?? this.#types.get(fingerprint),
      fingerprint,
    }))
  }

  /** Notes what an accepted key tells: the first key of a host, or the type of a known one. */
  async accept(target: SshSettings, key: ShownKey, known: readonly HostKeyPin[]): Promise<void> {
    const type = hostKeyTypeOf(key.type)
    if (known.length > 0 && type !== undefined) this.#types.set(key.fingerprint, type)
    if (known.length > 0 || (await this.known(target)).length > 0) return
    const line = `${nameOf(target)} ${key.fingerprint} ${key.type}\n`
    await appendFile(this.path, line, { mode: 0o600, flush: true })
  }

  async #remembered(target: SshSettings): Promise<readonly HostKeyPin[]> {
    const prefix = `${nameOf(target)} `
    const lines = (await this.#read()).split('\n').filter((line) => line.startsWith(prefix))
    return lines.map((line) => {
      const [fingerprint = '', type] = line.slice(prefix.length).trim().split(' ')
      return { type: hostKeyTypeOf(type), fingerprint }
    })
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

/** The type is the first field of a key (RFC 4253, 6.6); `SHA256:` and unpadded base64 as `ssh-keygen -lf` prints it. */
export function showKey(key: Buffer): ShownKey {
  const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1')
  const digest = createHash('sha256').update(key).digest('base64').replace(/=+$/, '')
  return { type, fingerprint: `SHA256:${digest}` }
}
