/** Looks for the nova-compute process of this host in /proc. */
import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { HostHealth } from '../../actors/ports/host-health.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'

/** Between two looks at all processes; a process that is known is looked at each time. */
const SEARCH_MS = 5000
/** The kernel's own thread: a process that does not see it does not see the processes of the host. */
const KERNEL_THREAD = { pid: '2', name: 'kthreadd' }
const PROGRAM = 'nova-compute'

type Sight = Pick<HostHealth, 'compute' | 'computeAgeMs'>

export class ComputeProcess {
  readonly #clock: ClockPort
  readonly #proc: string
  #pid: string | undefined
  #searched: { readonly atMs: number; readonly compute: HostHealth['compute'] } | undefined

  /** `proc` is /proc, as the host has it. */
  constructor(clock: ClockPort, proc = '/proc') {
    this.#clock = clock
    this.#proc = proc
  }

  async look(): Promise<Sight> {
    if (this.#pid !== undefined && (await this.#isCompute(this.#pid))) {
      return { compute: 'runs', computeAgeMs: 0 }
    }
    const nowMs = this.#clock.monotonicMs()
    // When the process has just ended, the search starts at once: another one may have been started.
    if (this.#pid !== undefined || nowMs - (this.#searched?.atMs ?? -Infinity) >= SEARCH_MS) {
      this.#searched = { atMs: nowMs, compute: await this.#search() }
    }
    const { atMs = nowMs, compute = 'unknown' } = this.#searched ?? {}
    return { compute, computeAgeMs: nowMs - atMs }
  }

  async #search(): Promise<HostHealth['compute']> {
    this.#pid = undefined
    for (const pid of await readdir(this.#proc)) {
      if (/^\d+$/.test(pid) && (await this.#isCompute(pid))) {
        this.#pid = pid
        return 'runs'
      }
    }
    const { pid, name } = KERNEL_THREAD
    return (await this.#read(pid, 'comm')).trim() === name ? 'gone' : 'unknown'
  }

  /** Itself, or run by an interpreter; a process that has ended has no command line. */
  async #isCompute(pid: string): Promise<boolean> {
    const [program = '', script = ''] = (await this.#read(pid, 'cmdline')).split('\0')
    if (basename(program) === PROGRAM) return true
    return /^python[\d.]*$/.test(basename(program)) && basename(script) === PROGRAM
  }

  async #read(pid: string, file: string): Promise<string> {
    try {
      return await readFile(`${this.#proc}/${pid}/${file}`, 'utf8')
    } catch {
      return '' // it has ended
    }
  }
}

/** Undefined when the system does not show it. */
export async function readBoot(): Promise<string | undefined> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  } catch {
    return undefined
  }
}
