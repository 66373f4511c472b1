/** Processes of this machine as /proc shows them. */
import { readdir, readFile } from 'node:fs/promises'

/** The command lines, arguments joined by spaces, of all processes that contain the text. */
export async function commandLinesWith(text: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map(commandLine))
  return lines.filter((line) => line.includes(text))
}

async function commandLine(pid: string): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
  } catch {
    return '' // it has ended meanwhile
  }
}
