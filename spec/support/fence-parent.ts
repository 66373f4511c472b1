/**
 * A separate process that runs one program of a fence plan, so that a spec can kill it. Its
 * arguments are directory and name.
 */
import { openFenceAgents } from '../../transports/fence-agent/fence-agents.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { fenceProgram } from './fence-scripts.ts'

const [directory = '', name = ''] = process.argv.slice(2)
const directories = { agent: directory, command: directory }
const port = openFenceAgents({ clock: new SystemClock(), directories })
await port.off(fenceProgram(name, { timeoutMs: 600_000 }))
