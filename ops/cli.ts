/** The one entry point: `node ops/cli.ts <command> [options]`. */
import { adviceFor, shownName } from '../schema/nearest-name.ts'
import type { OperatorCommandKind, SiteCommandKind } from '../schema/records.ts'

type Command = (args: readonly string[]) => Promise<number>

const command = async (kind: OperatorCommandKind | SiteCommandKind): Promise<Command> =>
  (await import('./commands/operator-command.ts')).operatorCommand(kind)

/**
 * Each command returns the exit status. Its modules are loaded only when it is chosen, so that no
 * command waits for the modules of others.
 */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).run,
  simulate: async () => (await import('./commands/simulate.ts')).simulate,
  config: async () => (await import('./commands/config-check.ts')).configCheck,
  policy: async () => (await import('./commands/policy.ts')).policy,
  'confirm-dead': () => command('confirm-dead'),
  approve: () => command('approve'),
  'let-back': () => command('let-back'),
  pause: () => command('pause'),
  resume: () => command('resume'),
  cancel: () => command('cancel'),
  retry: () => command('retry'),
  stop: () => command('stop'),
  release: () => command('release'),
  trace: async () => (await import('./commands/trace.ts')).trace,
  top: async () => (await import('./commands/top.ts')).top,
  tap: async () => (await import('./commands/tap.ts')).tap,
  'db-purge': async () => (await import('./commands/db-purge.ts')).dbPurge,
  'seal-credentials': async () => (await import('./commands/seal-credentials.ts')).sealCredentials,
  'print-key': async () => (await import('./commands/print-key.ts')).printKey,
  'bus-permissions': async () => (await import('./commands/bus-permissions.ts')).busPermissions,
  'print-sample': async () => (await import('./commands/print-sample.ts')).printSample,
}

const USAGE = `usage: node ops/cli.ts <command>
  run --config FILE                         the roles that the file names, until asked to end
  run [--port PORT] [--exit-after-recovery] a demonstration: all roles, on a simulated cloud
  simulate [--seeds N] [--seed S]           search for broken promises in a simulated world
  config check --config FILE [--json]       what differs from the defaults, and what the roles need
  policy SEGMENT [NAME=VALUE …] --config FILE
                                            show or change the policy of a segment
  confirm-dead HOST WHY                     confirm, on your responsibility, that the host is dead
  approve HOST WHY                          act on the host although the storm guard or a cut link holds it
  let-back HOST WHY                         return the host to service after it is checked
  pause HOST WHY, resume HOST WHY           begin nothing new for the recovery; go on with it
  cancel HOST WHY                           end the recovery early; the host stays out of service
  retry HOST WHY                            begin an ended recovery again
  stop WHY, release WHY                     take no irreversible step in any segment; go on
                                            WHY is --by NAME --reason TEXT --config FILE
  trace NOTIFICATION --config FILE [--follow]
                                            the story of a recovery with times; HOST names its latest recovery
  top --config FILE                         hosts, recoveries, leader and nodes, as they change
  tap [SUBJECT] --config FILE [--since 10m] [--json]
                                            print what is said on the bus; --host, --instance, --notification,
                                            --kind and --sender choose
  db-purge --config FILE [--age-in-days N] [--max-rows M]
                                            delete old rows: ended notifications, deleted hosts and segments
  seal-credentials --config FILE            seal stored credentials with the first key of the key file
  print-key [--config FILE]                 public SSH key for authorized_keys on the compute hosts
  bus-permissions --keys DIRECTORY NODE=ROLE[,ROLE…] … [--compute-hosts FILE] [--cloud NAME]
                                            the accounts of NATS: who may say what on the bus
  print-sample                              every option with its default
`

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load === undefined) {
    if (name !== '') {
      const advice = adviceFor(name, Object.keys(COMMANDS))
      process.stderr.write(`${shownName(name)}: there is no such command; ${advice}\n`)
    }
    process.stderr.write(USAGE)
    return 2
  }
  try {
    const chosen = await load()
    return await chosen(args)
  } catch (error) {
    if (
      error instanceof TypeError &&
      'code' in error &&
      String(error.code).startsWith('ERR_PARSE_ARGS')
    ) {
      process.stderr.write(`${error.message}\n${USAGE}`)
      return 2
    }
    throw error
  }
}

/**
 * A library may keep a connection to a silent server open. A finished command has written
 * everything, so the process ends after this time.
 */
const LEFTOVERS_MS = 500

process.exitCode = await main(process.argv.slice(2))
setTimeout(() => process.exit(), LEFTOVERS_MS).unref()
