/**
 * The record of guests that ran, as a small file in the state directory. It counts only if this user wrote it for this host, and nobody
 * else may write to it. When it cannot be written it is removed, because an old one would tell of guests that were stopped since.
 */
import { constants } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Compile } from 'typebox/compile'
import { KEPT_RUNS_MAX, type KeptRuns, type RunRecord } from '../../actors/ports/run-record.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import { readBoundedJson } from '../../schema/bounded-json.ts'
import { describeError } from '../../schema/errors.ts'
import { instanceId, type HostName } from '../../schema/ids.ts'
import { KeptRunsFile } from '../../schema/kept-runs.ts'

const FILE = 'guests-that-ran.json'
/** Twice the size of a thousand guests. */
const BYTES_MAX = 256 * 1024
const BOUNDS = { characters: BYTES_MAX, depth: 4, members: 3 * KEPT_RUNS_MAX + 16 }
const fileCheck = Compile(KeptRunsFile)
/** Other users may not write to it. */
const WRITABLE_BY_OTHERS = 0o022

/** Does not follow a link, because another user may have made it. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const ANEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/** A record in a file of the given directory, which is made when it does not exist. */
export class FileRunRecord implements RunRecord {
  readonly #directory: string
  readonly #path: string
  readonly #host: HostName
  readonly #boot: Promise<string | undefined>
  readonly #log: LogPort
  #isFailing = false
  #line: Promise<void> = Promise.resolve()

  constructor(
    directory: string,
    of: { readonly host: HostName; readonly boot: Promise<string | undefined> },
    log: LogPort,
  ) {
    this.#directory = directory
    this.#path = join(directory, FILE)
    this.#host = of.host
    this.#boot = of.boot
    this.#log = log
  }

  boot(): Promise<string | undefined> {
    return this.#boot
  }

  async read(): Promise<KeptRuns | undefined> {
    try {
      const text = await this.#text()
      return text === undefined ? undefined : this.#parsed(text)
    } catch (error) {
      const said = { path: this.#path, reason: describeError(error) }
      this.#log.warn(said, 'the file of guests that ran is not used')
      return undefined
    }
  }

  async keep(kept: KeptRuns): Promise<void> {
    this.#line = this.#after(this.#line, kept)
    await this.#line
  }

  async #after(earlier: Promise<void>, kept: KeptRuns): Promise<void> {
    await earlier
    try {
      await this.#write(kept)
      this.#isFailing = false
    } catch (error) {
      const said = { path: this.#path, reason: describeError(error) }
      const text = 'guests that run are not kept: one that fails while this process is down is lost'
      if (!this.#isFailing) this.#log.warn(said, text)
      this.#isFailing = true
      await this.#remove()
    }
  }

  /** Undefined when there is no file. */
  async #text(): Promise<string | undefined> {
    try {
      await using file = await open(this.#path, READ)
      const found = await file.stat()
      if (!found.isFile()) throw new Error('it is not a file')
      if (found.uid !== process.geteuid?.() || (found.mode & WRITABLE_BY_OTHERS) !== 0) {
        throw new Error('it belongs to another user, or another user may write to it')
      }
      if (found.size > BYTES_MAX) throw new Error(`it is larger than ${BYTES_MAX} bytes`)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(BYTES_MAX), 0, BYTES_MAX, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }

  #parsed(text: string): KeptRuns {
    const reading = readBoundedJson(text, BOUNDS)
    if (reading.kind !== 'read' || !fileCheck.Check(reading.value)) {
      throw new Error('it has another form')
    }
    const { host, boot, keptAt, runs } = reading.value
    if (host !== this.#host) throw new Error('it is about another host')
    const known = runs.map(({ instance, run }) => ({ instance: instanceId(instance), run }))
    return { boot, keptAt, runs: known }
  }

  /** Writes a new file beside the old one, and replaces the old one when the new one is complete. */
  async #write({ boot, keptAt, runs }: KeptRuns): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const kept: KeptRunsFile = {
      version: 1,
      host: this.#host,
      boot,
      keptAt,
      runs: runs.slice(0, KEPT_RUNS_MAX).map(({ instance, run }) => ({ instance, run })),
    }
    const draft = `${this.#path}.new`
    await rm(draft, { force: true })
    {
      await using file = await open(draft, ANEW, 0o600)
      await file.writeFile(`${JSON.stringify(kept)}\n`)
    }
    await rename(draft, this.#path)
  }

  async #remove(): Promise<void> {
    for (const path of [`${this.#path}.new`, this.#path]) {
      // The log says already that the directory cannot be written to.
      await rm(path, { force: true }).catch(() => undefined)
    }
  }
}
