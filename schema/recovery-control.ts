/**
 * Recovery control: decides from the operator commands whether a recovery may go on, and which
 * commands fit its state. Pure.
 */
import {
  OPERATOR_COMMANDS,
  UNFINISHED_STATUSES,
  type Notification,
  type OperatorCommand,
  type OperatorCommandKind,
  type SiteCommand,
  type SiteCommandKind,
} from './records.ts'

/** Whether operators allow anything new to be begun for a recovery. */
export type Control =
  | { readonly kind: 'running' }
  | { readonly kind: 'paused' | 'stopped' | 'cancelled'; readonly reason: string }

/**
 * The latest command counts. A cancelled recovery stays cancelled, also when all recoveries are
 * stopped or released.
 */
export function controlOf(
  commands: readonly OperatorCommand[],
  siteCommand: SiteCommand | undefined,
): Control {
  const order = commands.findLast(({ kind }) => ORDERS.has(kind))
  if (order?.kind === 'cancel') return { kind: 'cancelled', reason: byWhom('cancelled', order) }
  if (siteCommand?.kind === 'stop') {
    return { kind: 'stopped', reason: byWhom('all recoveries are stopped', siteCommand) }
  }
  if (order?.kind === 'pause') return { kind: 'paused', reason: byWhom('paused', order) }
  return { kind: 'running' }
}

const ORDERS: ReadonlySet<OperatorCommandKind> = new Set(['pause', 'resume', 'cancel', 'retry'])

const byWhom = (what: string, { operator, reason }: OperatorCommand | SiteCommand): string =>
  `${what} by ${operator}: ${reason}`

/**
 * The commands that still count. After a retry, only later commands count, because the state of the
 * host may have changed.
 */
export const sinceRetry = (commands: readonly OperatorCommand[]): readonly OperatorCommand[] =>
  commands.slice(commands.findLastIndex(({ kind }) => kind === 'retry') + 1)

/**
 * When the recovery was last requested (by the report or the latest retry), by our own clock.
 * Expiry is counted from here.
 */
export const askedForAt = (
  { createdAt }: Pick<Notification, 'createdAt'>,
  commands: readonly OperatorCommand[],
): number => commands.findLast(({ kind }) => kind === 'retry')?.givenAt ?? createdAt

/** The state of a recovery, as far as it decides about commands. */
export type Commanded = Pick<Notification, 'status' | 'type'> & {
  readonly commands: readonly OperatorCommand[]
}

/**
 * Why this command does not fit the state of the recovery, and which commands fit now; undefined when
 * it fits.
 */
export function objectionToCommand(
  kind: OperatorCommandKind,
  recovery: Commanded,
): string | undefined {
  const objection = misfit(kind, recovery)
  if (objection === undefined) return undefined
  const fitting = fittingCommands(recovery)
  return fitting.length === 0
    ? `${objection}; no command is possible now`
    : `${objection}; possible now: ${fitting.join(', ')}`
}

/** The commands that fit the state of the recovery. */
export const fittingCommands = (recovery: Commanded): readonly OperatorCommandKind[] =>
  OPERATOR_COMMANDS.filter((each) => misfit(each, recovery) === undefined)

function misfit(kind: OperatorCommandKind, recovery: Commanded): string | undefined {
  const { status, type } = recovery
  const control = controlOf(recovery.commands, undefined).kind
  const ended = !UNFINISHED_STATUSES.some((unfinished) => unfinished === status)
  switch (kind) {
    case 'retry':
      if (!ended) return `it has not ended: it is ${status}`
      return status === 'finished' ? 'it is finished: there is nothing left to do' : undefined
    case 'let-back':
      return type === 'COMPUTE_HOST' ? undefined : 'it is not about a host'
    case 'resume':
      return ended || control !== 'paused' ? 'it is not paused' : undefined
    case 'confirm-dead':
    case 'approve':
      if (type !== 'COMPUTE_HOST') return 'it is not about a host'
      break
    case 'pause':
      if (control === 'paused') return 'it is paused already'
      break
    case 'cancel':
      break
  }
  if (ended) return `it has ended: it is ${status}`
  return control === 'cancelled' ? 'it is cancelled already' : undefined
}

/** Why this command for all recoveries does not fit the latest one; undefined when it fits. */
export function objectionToSiteCommand(
  kind: SiteCommandKind,
  latest: SiteCommand | undefined,
): string | undefined {
  const stopped = latest?.kind === 'stop'
  if (kind === 'stop') return stopped ? byWhom('all recoveries are stopped', latest) : undefined
  return stopped ? undefined : 'nothing is stopped'
}
