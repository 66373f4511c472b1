/**
 * The fault spool as a file of lines in the state directory. The end of the process loses nothing. The end of the machine also ends
 * its guests, so no write waits for the disk. The spool does not touch a file of another user, or one that it cannot write: it then
 * keeps faults in memory only, and the log says so once.
 */
import { constants } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Compile } from 'typebox/compile'
import type { FaultSpool, SpooledFault } from '../../actors/ports/fault-spool.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import { readBoundedJson } from '../../schema/bounded-json.ts'
import { describeError } from '../../schema/errors.ts'
import { instanceId } from '../../schema/ids.ts'
import { SpoolLine } from '../../schema/spooled-fault.ts'

const FILE = 'guest-faults.jsonl'
const ENTRIES_MAX = 500
/** Twice the size of 500 faults. A larger file is rewritten, and only this much of it is read. */
const BYTES_MAX = 1024 * 1024
const LINE_BOUNDS = { characters: 32_768, depth: 4, members: 64 }
const lineCheck = Compile(SpoolLine)

/** Does not follow a link, because another user may have made it. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
const ANEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/** Faults in a file of the given directory, which is made when it does not exist. */
export class FileFaultSpool implements FaultSpool {
  readonly #directory: string
  readonly #path: string
  readonly #log: LogPort
  readonly #faults = new BoundedMap<string, SpooledFault>({
    entriesMax: ENTRIES_MAX,
    whenFull: 'drop-oldest',
  })
  #isRead = false
  #bytes = 0
  #isFailing = false
  /** A line is missing in the file, or only half of it is there, because the disk was full. */
  #isTorn = false
  #line: Promise<void> = Promise.resolve()

  constructor(directory: string, log: LogPort) {
    this.#directory = directory
    this.#path = join(directory, FILE)
    this.#log = log
  }

  async read(): Promise<readonly SpooledFault[]> {
    await this.#inLine(() => this.#load())
    return [...this.#faults.values()]
  }

  async keep(fault: SpooledFault): Promise<void> {
    await this.#inLine(() => this.#load())
    await this.#inLine(async () => {
      if (this.#faults.has(fault.id)) return
      this.#faults.set(fault.id, fault)
      await this.#append({ keep: { ...fault, evidence: [...fault.evidence] } })
    })
  }

  async forget(id: string): Promise<void> {
    await this.#inLine(() => this.#load())
    await this.#inLine(async () => {
      if (!this.#faults.has(id)) return
      this.#faults.delete(id)
      // When no fault waits, the file becomes empty.
      if (this.#faults.size === 0) await this.#rewrite()
      else await this.#append({ forget: id })
    })
  }

  #inLine(task: () => Promise<void>): Promise<void> {
    this.#line = this.#after(this.#line, task)
    return this.#line
  }

  async #after(earlier: Promise<void>, task: () => Promise<void>): Promise<void> {
    await earlier
    try {
      await task()
    } catch (error) {
      const reason = describeError(error)
      if (!this.#isFailing) {
        this.#log.warn({ path: this.#path, reason }, 'faults of guests are kept in memory only')
      }
      this.#isFailing = true
    }
  }

  async #load(): Promise<void> {
    if (this.#isRead) return
    this.#isRead = true
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const text = await this.#text()
    let torn = 0
    for (const line of text.split('\n')) {
      if (line === '') continue
      const read = readLine(line)
      if (read === undefined) torn += 1
      else if ('forget' in read) this.#faults.delete(read.forget)
      else
        this.#faults.set(read.keep.id, { ...read.keep, instance: instanceId(read.keep.instance) })
    }
    if (torn === 0) return
    this.#isTorn = true
    this.#log.warn({ path: this.#path, lines: torn }, 'lines of the file of faults are unreadable')
    await rename(this.#path, `${this.#path}.unreadable`)
    await this.#rewrite()
  }

  async #text(): Promise<string> {
    try {
      await using file = await open(this.#path, READ)
      if (!(await file.stat()).isFile()) throw new Error(`${this.#path} is not a file`)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(BYTES_MAX), 0, BYTES_MAX, 0)
      this.#bytes = bytesRead
      return buffer.toString('utf8', 0, bytesRead)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
      throw error
    }
  }

  async #append(line: SpoolLine): Promise<void> {
    const text = `${JSON.stringify(line)}\n`
    if (this.#isTorn || this.#bytes + text.length > BYTES_MAX) {
      await this.#rewrite()
      return
    }
    await using file = await open(this.#path, APPEND, 0o600)
    this.#isTorn = true
    await file.writeFile(text)
    this.#isTorn = false
    this.#isFailing = false
    this.#bytes += Buffer.byteLength(text)
  }

  /** Writes a new file beside the old one, and replaces the old one when the new one is complete. */
  async #rewrite(): Promise<void> {
    const lines = [...this.#faults.values()].map((fault) => `${JSON.stringify({ keep: fault })}\n`)
    const draft = `${this.#path}.new`
    await rm(draft, { force: true })
    {
      await using file = await open(draft, ANEW, 0o600)
      await file.writeFile(lines.join(''))
    }
    await rename(draft, this.#path)
    this.#isTorn = false
    this.#isFailing = false
    this.#bytes = Buffer.byteLength(lines.join(''))
  }
}

/** Undefined for a line that the spool did not write in full, or did not write at all. */
function readLine(line: string): SpoolLine | undefined {
  const reading = readBoundedJson(line, LINE_BOUNDS)
  return reading.kind === 'read' && lineCheck.Check(reading.value) ? reading.value : undefined
}
