/** The one entry point: `instance-ha VERB …`, in a checkout also `node ops/cli.ts VERB …`. */
import { runCommandLine } from './command-line/main.ts'

/**
 * A library may keep a connection to a silent server open. A finished command has written
 * everything, so the process ends after this time.
 */
const LEFTOVERS_MS = 500

process.exitCode = await runCommandLine(process.argv.slice(2))
setTimeout(() => process.exit(), LEFTOVERS_MS).unref()
