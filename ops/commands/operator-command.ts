/**
 * `approve HOST`, `stop` and the like: give an operator command for one recovery, or for all of
 * them. It is stored with the operator's name.
 */
import { parseArgs } from 'node:util'
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

/** What each command does, for the usage text. */
const MEANINGS: Readonly<Record<OperatorCommandKind | SiteCommandKind, string>> = {
  'confirm-dead': 'confirm, on your responsibility, that the host is dead',
  approve: 'act on the host although the storm guard or a cut link holds it',
  'let-back': 'return the host to service after it is checked',
  pause: 'begin nothing new for the recovery',
  resume: 'go on with the recovery',
  cancel: 'end the recovery early; the host stays out of service',
  retry: 'begin an ended recovery again',
  stop: 'take no irreversible step in any segment until the command release',
  release: 'go on in all segments',
}

type Kind = keyof typeof MEANINGS

const isForAll = (kind: Kind): kind is SiteCommandKind =>
  SITE_COMMANDS.some((each) => each === kind)

/** How the command is written. */
const usageOf = (kind: Kind): string =>
  `${kind}${isForAll(kind) ? '' : ' HOST'} --by NAME --reason TEXT --config FILE`

/**
 * Exit statuses: 0 given; 1 the store is not available, or the command does not fit; 2 the
 * arguments cannot be used.
 */
export const operatorCommand =
  (kind: Kind) =>
  async (args: readonly string[]): Promise<number> => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' }, by: { type: 'string' }, reason: { type: 'string' } },
    })
    const { config, by: operator = '', reason = '' } = values
    const [named, ...others] = positionals
    const isComplete = (named === undefined) === isForAll(kind) && others.length === 0
    if (!isComplete || operator === '' || reason === '') {
      process.stderr.write(`usage: ${usageOf(kind)}\n  ${MEANINGS[kind]}\n`)
      return 2
    }
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
