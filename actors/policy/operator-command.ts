/** The operator commands for one recovery, as the rules need them. Pure. */
import type { OperatorCommand } from '../../schema/records.ts'
import { sinceRetry } from '../../schema/recovery-control.ts'

/** The command by which an operator confirms that the host is dead. */
export const confirmedBy = (commands: readonly OperatorCommand[]): OperatorCommand | undefined =>
  sinceRetry(commands).find(({ kind }) => kind === 'confirm-dead')

/** The command by which an operator exempts the recovery from the storm guard and the hold-down. */
export const approvedBy = (commands: readonly OperatorCommand[]): OperatorCommand | undefined =>
  sinceRetry(commands).find(({ kind }) => kind === 'approve')

/** The operator and the reason of a command, for the records. */
export const quoteOf = ({ operator, reason }: OperatorCommand): string => `${operator}: ${reason}`
