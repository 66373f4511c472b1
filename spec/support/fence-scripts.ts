/** Programs of a fence plan in their own directory, and the port that runs them. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FenceAgentPort, FenceProgram } from '../../actors/ports/fence-agent.ts'
import { hostName } from '../../schema/ids.ts'
import { openFenceAgents } from '../../transports/fence-agent/fence-agents.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { temporaryDirectory } from './process.ts'

export interface FenceScripts extends AsyncDisposable {
  readonly port: FenceAgentPort & AsyncDisposable
  /** Their directory, in which they also run. */
  readonly path: string
}

/**
 * Scripts by name. A script that begins with `#!` is used as it is, and any other one is run by sh.
 */
export async function fenceScripts(
  scripts: Readonly<Record<string, string>>,
): Promise<FenceScripts> {
  const directory = await temporaryDirectory('fence')
  for (const [name, text] of Object.entries(scripts)) {
    const path = join(directory.path, name)
    const whole = text.startsWith('#!') ? text : `#!/bin/sh\ncd ${directory.path}\n${text}\n`
    await writeFile(path, whole)
    await chmod(path, 0o755)
  }
  const directories = { agent: directory.path, command: directory.path }
  const port = openFenceAgents({ clock: new SystemClock(), directories })
  return {
    port,
    path: directory.path,
    async [Symbol.asyncDispose]() {
      await port[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** The argument with which the fence runs a script for a host. */
export const fenceProgram = (name: string, change: Partial<FenceProgram> = {}): FenceProgram => ({
  kind: 'command',
  name,
  host: hostName('compute-1'),
  options: new Map(),
  timeoutMs: 20_000,
  ...change,
})
