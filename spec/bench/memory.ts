/** The memory of all roles in one process that watches many hosts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer } from '../support/process.ts'
import type { Figure } from './figure.ts'

const IDLE_MS = 60_000

/** The resident set after a minute, without a forced garbage collection. */
export async function measureMemory(): Promise<readonly Figure[]> {
  await using child = await startServer({
    command: process.execPath,
    args: [...flagsOfStart(), join(import.meta.dirname, 'idle-hosts.ts')],
    ready: /all roles run/,
  })
  await sleep(IDLE_MS)
  return [
    {
      what: 'resident set, all roles, 1,000 idle hosts, after a minute',
      value: residentMb(child.pid),
      unit: 'MB',
      target: { kind: 'at-most', value: 200 },
      remark: 'simulated cloud, hosts and BMCs, and an SQLite store included',
    },
  ]
}

/** The flags that `npm start` gives to Node. They bound the young generation. */
function flagsOfStart(): readonly string[] {
  const file = join(import.meta.dirname, '..', '..', 'package.json')
  const [, start = ''] = /"start": "node (.*)"/.exec(readFileSync(file, 'utf8')) ?? []
  return start.split(' ').filter((word) => word.startsWith('--'))
}

/** VmRSS of a process as the kernel counts it. */
function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kilobytes === undefined) throw new Error(`process ${pid} has ended`)
  return Number(kilobytes) / 1024
}
