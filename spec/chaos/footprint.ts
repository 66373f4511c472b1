/** Samples what each process of the product holds: memory, file descriptors, children. */
import { readdir, readFile } from 'node:fs/promises'
import type { ProductProcess } from './product-process.ts'

export interface Footprint {
  readonly atMs: number
  /** The processor time that it has used. */
  readonly cpuMs: number
  readonly memoryMb: number
  readonly descriptors: number
  readonly children: number
  readonly zombies: number
}

/** The samples of one life of one process. */
export interface Track {
  readonly node: string
  readonly role: string
  readonly pid: number
  readonly startedAtMs: number
  readonly samples: Footprint[]
}

export class FootprintWatch {
  readonly tracks = new Map<number, Track>()

  /** Takes one sample of every process that runs. */
  async sample(processes: readonly ProductProcess[]): Promise<void> {
    const families = await readFamilies()
    for (const process of processes) {
      const life = process.lives.at(-1)
      if (life === undefined || life.endedAtMs !== undefined) continue
      const footprint = await readFootprint(life.pid, families.get(life.pid) ?? [])
      if (footprint === undefined) continue
      const { node, role } = process
      const { pid, startedAtMs } = life
      const track = this.tracks.get(pid) ?? { node, role, pid, startedAtMs, samples: [] }
      track.samples.push(footprint)
      this.tracks.set(pid, track)
    }
  }
}

interface Child {
  readonly state: string
}

/** The children of all processes, by the pid of their parent. */
async function readFamilies(): Promise<ReadonlyMap<number, readonly Child[]>> {
  const families = new Map<number, Child[]>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const siblings = families.get(Number(parent)) ?? []
    families.set(Number(parent), [...siblings, { state }])
  }
  return families
}

/** The kernel counts in hundredths of a second. */
async function readCpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

async function readFootprint(
  pid: number,
  children: readonly Child[],
): Promise<Footprint | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
    return {
      atMs: performance.now(),
      cpuMs: await readCpuMs(pid),
      memoryMb: kilobytes / 1024,
      descriptors: (await readdir(`/proc/${pid}/fd`)).length,
      children: children.length,
      zombies: children.filter(({ state }) => state === 'Z').length,
    }
  } catch {
    return undefined // it has ended
  }
}
