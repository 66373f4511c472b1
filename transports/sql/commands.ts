/**
 * Operator commands for one recovery, and for all of them. Each command is checked against the
 * state of the recovery, and kept for ever.
 */
import { sql, type Selectable, type Transaction } from 'kysely'
import type { OperatorStore } from '../../actors/ports/operator-store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { NotificationId } from '../../schema/ids.ts'
import type { OperatorCommand, SiteCommand } from '../../schema/records.ts'
import {
  objectionToSiteCommand,
  objectionToCommand,
  controlOf,
  type Control,
} from '../../schema/recovery-control.ts'
import type { Database, NotificationsTable } from '../../schema/tables.ts'
import { reopen } from './reopening.ts'
import { siteCommandOf, commandOf } from './rows.ts'
import { runOf } from './run-of.ts'
import type { StorePorts, Transactions } from './transactions.ts'

type Reading = Pick<Transaction<Database>, 'selectFrom'>
type Commands = Pick<
  OperatorStore,
  'giveCommand' | 'listCommands' | 'giveSiteCommand' | 'listSiteCommands'
>

/** The part of the store that keeps commands. */
export function commandStore(transactions: Transactions, { clock }: StorePorts): Commands {
  return {
    giveCommand: (command) =>
      transactions.write((trx) => giveCommand(trx, { ...command, givenAt: clock.wallMs() })),

    listCommands: (id) => transactions.read((db) => readCommands(db, id)),

    giveSiteCommand: ({ kind, operator, reason }) =>
      transactions.write(async (trx) => {
        const givenAt = clock.wallMs()
        const objection = objectionToSiteCommand(kind, (await readSiteCommands(trx)).at(-1))
        if (objection !== undefined) throw commandRefused(kind, objection)
        const values = { kind, operator, reason, given_at: givenAt }
        await trx.insertInto('site_commands').values(values).execute()
        return { kind, operator, reason, givenAt }
      }),

    listSiteCommands: () => transactions.read(readSiteCommands),
  }
}

async function giveCommand(
  trx: Transaction<Database>,
  given: OperatorCommand,
): Promise<OperatorCommand> {
  const { notification, kind, operator, reason, givenAt } = given
  const row = await lockNotification(trx, notification)
  if (row === undefined) {
    throw new CodedError('NOTIFICATION_NOT_FOUND', `There is no notification ${notification}.`)
  }
  const commands = await readCommands(trx, notification)
  const objection =
    objectionToCommand(kind, { ...row, commands }) ??
    (kind === 'retry' ? await reopen(trx, row, given) : undefined)
  if (objection !== undefined) throw commandRefused(kind, objection)
  await trx
    .insertInto('operator_commands')
    .values({ notification_uuid: notification, kind, operator, reason, given_at: givenAt })
    .execute()
  const { epoch } = await trx.selectFrom('leadership').select('epoch').executeTakeFirstOrThrow()
  await trx
    .insertInto('journal')
    .values({
      recorded_at: givenAt,
      epoch,
      notification_uuid: notification,
      run: runOf(notification),
      kind: 'decision',
      step: 'command',
      subject: await hostNameOf(trx, row),
      detail: `${operator} gives the command ${kind}: ${reason}`,
    })
    .execute()
  return given
}

async function hostNameOf(
  trx: Transaction<Database>,
  { source_host_uuid: host }: Selectable<NotificationsTable>,
): Promise<string> {
  const query = trx.selectFrom('hosts').select('name').where('uuid', '=', host)
  return (await query.executeTakeFirst())?.name ?? host
}

/** Locks the row, so that a transaction that ends the recovery comes before or after. */
async function lockNotification(
  trx: Transaction<Database>,
  id: NotificationId,
): Promise<Selectable<NotificationsTable> | undefined> {
  await trx
    .updateTable('notifications')
    .set({ revision: sql<number>`revision + 1` })
    .where('notification_uuid', '=', id)
    .execute()
  const query = trx.selectFrom('notifications').selectAll()
  return query.where('notification_uuid', '=', id).executeTakeFirst()
}

const commandRefused = (kind: string, objection: string): CodedError =>
  new CodedError('COMMAND_REFUSED', `The command ${kind} does not fit: ${objection}.`)

/** All commands for a recovery, oldest first. */
export async function readCommands(
  db: Reading,
  notification: NotificationId,
): Promise<readonly OperatorCommand[]> {
  const query = db.selectFrom('operator_commands').selectAll()
  const rows = await query.where('notification_uuid', '=', notification).orderBy('id').execute()
  return rows.map(commandOf)
}

/** The command for all recoveries that counts. */
export const latestSiteCommand = (db: Reading) =>
  db.selectFrom('site_commands').selectAll().orderBy('id', 'desc').limit(1)

/** All commands for all recoveries, oldest first. */
async function readSiteCommands(db: Reading): Promise<readonly SiteCommand[]> {
  const rows = await db.selectFrom('site_commands').selectAll().orderBy('id').execute()
  return rows.map(siteCommandOf)
}

/** Whether operators allow a recovery to go on at present. */
export const readControl = async (db: Reading, notification: NotificationId): Promise<Control> =>
  controlOf(
    await readCommands(db, notification),
    (await latestSiteCommand(db).execute()).map(siteCommandOf).at(0),
  )
