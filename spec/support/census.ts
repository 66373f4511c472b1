/** Counts what a process holds, as /proc shows it, to check that nothing is left behind. */
import { readdir, readFile, readlink } from 'node:fs/promises'

export interface Census {
  /** Open descriptors of this process. */
  readonly descriptors: number
  /** Of these, pseudo-terminals. */
  readonly terminals: number
  /** Children of this process, ended or not. */
  readonly children: number
  /** Of these, those that have ended and were not waited for. */
  readonly zombies: number
}

/** Counts now. */
export async function census(): Promise<Census> {
  const links = await linksOf('/proc/self/fd')
  const children = await childrenOf(process.pid)
  const states = await Promise.all(children.map(stateOf))
  return {
    descriptors: links.length,
    terminals: links.filter((link) => link.includes('ptmx')).length,
    children: states.filter((state) => state !== undefined).length,
    zombies: states.filter((state) => state === 'Z').length,
  }
}

/** Process numbers of the children of a process. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const texts = await Promise.all(
    threads.map((thread) =>
      readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''),
    ),
  )
  return texts.flatMap((text) => text.split(' ').filter(Boolean).map(Number))
}

/** Memory of the children whose command line begins with a word, kB each: the memory that would be free without the child. */
export async function memoryOfChildren(command: string): Promise<readonly number[]> {
  const sizes = (await childrenOf(process.pid)).map(async (pid) => {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (!line.startsWith(`${command}\0`)) return []
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
    const parts = [...rollup.matchAll(/^Private_\w+: +(\d+) kB$/gm)].map(([, size]) => Number(size))
    return [parts.reduce((sum, size) => sum + size, 0)]
  })
  return (await Promise.all(sizes)).flat()
}

async function stateOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /\) (\w)/.exec(text)?.[1]
}

async function linksOf(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory)
  const links = names.map((name) => readlink(`${directory}/${name}`).catch(() => ''))
  return (await Promise.all(links)).filter(Boolean) // the directory itself was open as well
}
