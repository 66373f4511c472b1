/**
 * `approve HOST`, `stop` and the like: give an operator command for one recovery, or for all of
 * them. It is stored with the operator's name.
 */
import type { StorePort } from '../../actors/ports/store.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import {
  OPERATOR_COMMANDS,
  SITE_COMMANDS,
  type OperatorCommandKind,
  type SiteCommandKind,
} from '../../schema/records.ts'
import { findRecovery } from '../find-recovery.ts'
import { withStore } from '../with-store.ts'

type Kind = OperatorCommandKind | SiteCommandKind

const isForAll = (kind: Kind): kind is SiteCommandKind =>
  SITE_COMMANDS.some((each) => each === kind)

interface CommandRequest {
  readonly config: string
  readonly by: string
  readonly reason: string
  /** A host or a notification; absent when the command is for all recoveries. */
  readonly recovery?: string
}

/**
 * Exit statuses: 0 given; 1 the store is not available, or the command does not fit; 2 the
 * arguments cannot be used.
 */
export const operatorCommand =
  (kind: Kind) =>
  async ({ config, by: operator, reason, recovery: named }: CommandRequest): Promise<number> => {
    let problem: string | undefined
    const status = await withStore(config, async ({ store }) => {
      try {
        const about = await give(store, kind, named, { operator, reason })
        process.stdout.write(`${operator} gives the command ${kind} about ${about}\n`)
      } catch (error) {
        if (!isCoded(error, 'COMMAND_REFUSED', 'NOTIFICATION_NOT_FOUND')) throw error
        problem = error.message
      }
    })
    if (problem === undefined) return status
    process.stderr.write(`${problem}\n`)
    return 1
  }

/** Returns what the command is about. Throws NOTIFICATION_NOT_FOUND and COMMAND_REFUSED. */
async function give(
  store: StorePort,
  kind: Kind,
  named: string | undefined,
  giver: { readonly operator: string; readonly reason: string },
): Promise<string> {
  const aboutOne = OPERATOR_COMMANDS.find((each) => each === kind)
  if (aboutOne === undefined || named === undefined) {
    if (isForAll(kind)) await store.giveSiteCommand({ kind, ...giver })
    return 'all recoveries'
  }
  const notification = await findRecovery(store, named, aboutOne)
  if (notification === undefined) {
    const text = `there is no recovery of ${named} that ${kind} could be about`
    throw new CodedError('NOTIFICATION_NOT_FOUND', text)
  }
  await store.giveCommand({ notification, kind: aboutOne, ...giver })
  return `${named}, recovery ${notification}`
}
