/** What operators said about one recovery, as the rules ask for it. Pure. */
import type { OperatorWord } from '../../schema/records.ts'
import { sinceRetry } from '../../schema/standing.ts'

/** The word of an operator who confirms that the host is dead. */
export const confirmedBy = (words: readonly OperatorWord[]): OperatorWord | undefined =>
  sinceRetry(words).find(({ word }) => word === 'confirm-dead')

/** The word of an operator who takes the recovery out of the storm guard's and the hold-down's hands. */
export const approvedBy = (words: readonly OperatorWord[]): OperatorWord | undefined =>
  sinceRetry(words).find(({ word }) => word === 'approve')

/** Who said it and why, for the records. */
export const quoteOf = ({ operator, reason }: OperatorWord): string => `${operator}: ${reason}`
