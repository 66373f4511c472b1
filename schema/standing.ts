/** What operators' words amount to: whether a recovery may go on, and which word may be said next. Pure. */
import {
  UNFINISHED_STATUSES,
  type Notification,
  type OperatorWord,
  type OperatorWordKind,
  type SiteWord,
  type SiteWordKind,
} from './records.ts'

/** Whether anything new may be begun for a recovery, as far as operators' words go. */
export type Standing =
  | { readonly kind: 'free' }
  | { readonly kind: 'paused' | 'stopped' | 'cancelled'; readonly reason: string }

/** The latest word counts; a cancelled recovery stays cancelled, whatever else is stopped or released. */
export function standingOf(
  words: readonly OperatorWord[],
  siteWord: SiteWord | undefined,
): Standing {
  const order = words.findLast(({ word }) => ORDERS.has(word))
  if (order?.word === 'cancel') return { kind: 'cancelled', reason: said('cancelled', order) }
  if (siteWord?.word === 'stop') {
    return { kind: 'stopped', reason: said('all recoveries are stopped', siteWord) }
  }
  if (order?.word === 'pause') return { kind: 'paused', reason: said('paused', order) }
  return { kind: 'free' }
}

const ORDERS: ReadonlySet<OperatorWordKind> = new Set(['pause', 'resume', 'cancel', 'retry'])

const said = (what: string, { operator, reason }: OperatorWord | SiteWord): string =>
  `${what} by ${operator}: ${reason}`

/** Words that still count: a retry looks at everything again, also at what operators saw before it. */
export const sinceRetry = (words: readonly OperatorWord[]): readonly OperatorWord[] =>
  words.slice(words.findLastIndex(({ word }) => word === 'retry') + 1)

/** When the recovery was last asked for, by our own clock: what expires, expires so long after. */
export const askedForAt = (
  { createdAt }: Pick<Notification, 'createdAt'>,
  words: readonly OperatorWord[],
): number => words.findLast(({ word }) => word === 'retry')?.saidAt ?? createdAt

/** Why this word does not fit the state of the recovery; undefined when it does. */
export function objectionToWord(
  word: OperatorWordKind,
  recovery: Pick<Notification, 'status' | 'type'> & { readonly words: readonly OperatorWord[] },
): string | undefined {
  const { status, type } = recovery
  const standing = standingOf(recovery.words, undefined).kind
  const ended = !UNFINISHED_STATUSES.some((unfinished) => unfinished === status)
  switch (word) {
    case 'retry':
      if (!ended) return `it has not ended: it is ${status}`
      return status === 'finished' ? 'it is finished: there is nothing left to do' : undefined
    case 'let-back':
      return type === 'COMPUTE_HOST' ? undefined : 'it is not about a host'
    case 'resume':
      return ended || standing !== 'paused' ? 'it is not paused' : undefined
    case 'confirm-dead':
    case 'approve':
      if (type !== 'COMPUTE_HOST') return 'it is not about a host'
      break
    case 'pause':
      if (standing === 'paused') return 'it is paused already'
      break
    case 'cancel':
      break
  }
  if (ended) return `it has ended: it is ${status}`
  return standing === 'cancelled' ? 'it is cancelled already' : undefined
}

/** Why this word does not fit what was said last about everything; undefined when it does. */
export function objectionToSiteWord(
  word: SiteWordKind,
  latest: SiteWord | undefined,
): string | undefined {
  const stopped = latest?.word === 'stop'
  if (word === 'stop') return stopped ? said('all recoveries are stopped', latest) : undefined
  return stopped ? undefined : 'nothing is stopped'
}
