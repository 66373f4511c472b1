/** What operators said about one recovery, as the rules ask for it. Pure. */
import type { OperatorWord } from '../../schema/records.ts'

/** The word of an operator who confirms that the host is dead. */
export const confirmedBy = (words: readonly OperatorWord[]): OperatorWord | undefined =>
  words.find(({ word }) => word === 'confirm-dead')

/** Who said it and why, for the records. */
export const quoteOf = ({ operator, reason }: OperatorWord): string => `${operator}: ${reason}`
