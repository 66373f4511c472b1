/** What operators commanded about one recovery, as the rules ask for it. Pure. */
import type { OperatorCommand } from '../../schema/records.ts'
import { sinceRetry } from '../../schema/recovery-control.ts'

/** The command of an operator who confirms that the host is dead. */
export const confirmedBy = (commands: readonly OperatorCommand[]): OperatorCommand | undefined =>
  sinceRetry(commands).find(({ kind }) => kind === 'confirm-dead')

/** The command of an operator who takes the recovery out of the storm guard's and the hold-down's hands. */
export const approvedBy = (commands: readonly OperatorCommand[]): OperatorCommand | undefined =>
  sinceRetry(commands).find(({ kind }) => kind === 'approve')

/** Who gave it and why, for the records. */
export const quoteOf = ({ operator, reason }: OperatorCommand): string => `${operator}: ${reason}`
