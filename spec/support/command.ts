/** Our command in this process: what it writes, and how it ends. */
import { runCommandLine } from '../../ops/command-line/main.ts'

export interface Said {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** Runs it with only these variables beside PATH. Tests that use it run one after the other. */
export async function command(
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const { stdout, stderr } = process
  const kept = { out: stdout.write.bind(stdout), err: stderr.write.bind(stderr), env: process.env }
  let out = ''
  let err = ''
  stdout.write = (text: string | Uint8Array) => {
    out += String(text)
    return true
  }
  stderr.write = (text: string | Uint8Array) => {
    err += String(text)
    return true
  }
  process.env = { PATH: kept.env['PATH'], HOME: '/nonexistent', ...variables }
  try {
    const status = await runCommandLine(words)
    return { status, out, err }
  } finally {
    stdout.write = kept.out
    stderr.write = kept.err
    process.env = kept.env
  }
}
