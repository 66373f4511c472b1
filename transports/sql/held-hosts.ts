/** Hosts that recoveries take out of service and return. */
import type { Transaction } from 'kysely'
import type { RecoveryStore } from '../../actors/ports/store.ts'
import type { HostId, NotificationId } from '../../schema/ids.ts'
import { controlOf } from '../../schema/recovery-control.ts'
import type { Database } from '../../schema/tables.ts'
import { closeServiceChange, noteReturn } from './closed-changes.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { lockHost } from './locks.ts'
import { flag } from './rows.ts'
import type { StorePorts } from './transactions.ts'
import { readCommands } from './commands.ts'

/** The part of the store that holds hosts. */
export const holdingStore = (
  guarded: GuardedWrite,
  { clock }: StorePorts,
): Pick<RecoveryStore, 'holdHost' | 'releaseHost' | 'releaseUntouched'> => ({
  holdHost: (epoch, host, by) => guarded(epoch, (trx) => holdHost(trx, host, by)),
  releaseHost: (epoch, host, by) =>
    guarded(epoch, (trx) => releaseHost(trx, { host, by, now: clock.wallMs() })),
  releaseUntouched: (epoch, host, by) =>
    guarded(epoch, async (trx) => {
      const certificates = trx.selectFrom('death_certificates').select('id')
      const any = await certificates.where('notification_uuid', '=', by).executeTakeFirst()
      if (any !== undefined) return
      if (await isCancelled(trx, by)) await holdHost(trx, host, by)
      else await releaseHost(trx, { host, by, now: clock.wallMs() })
    }),
})

/**
 * Whether an operator has cancelled the recovery, perhaps at the moment when it ended for another
 * reason.
 */
async function isCancelled(trx: Transaction<Database>, by: NotificationId): Promise<boolean> {
  const notification = await trx
    .selectFrom('notifications')
    .select('type')
    .where('notification_uuid', '=', by)
    .executeTakeFirst()
  if (notification?.type !== 'COMPUTE_HOST') return false
  return controlOf(await readCommands(trx, by), undefined).kind === 'cancelled'
}

async function holdHost(
  trx: Transaction<Database>,
  host: HostId,
  by: NotificationId,
): Promise<void> {
  const row = await lockHost(trx, { uuid: host })
  if (row === undefined) return
  const isHeld = row.maintenance_by !== null
  if (row.on_maintenance !== 0 && !isHeld) return // an operator's maintenance stays
  await trx
    .updateTable('hosts')
    .set({
      on_maintenance: flag(true),
      maintenance_by: by,
      held_reserved: isHeld ? row.held_reserved : row.reserved,
      reserved: flag(false),
    })
    .where('uuid', '=', host)
    .execute()
}

async function releaseHost(
  trx: Transaction<Database>,
  { host, by, now }: { readonly host: HostId; readonly by: NotificationId; readonly now: number },
): Promise<void> {
  const row = await lockHost(trx, { uuid: host })
  if (row === undefined) return
  if (row.maintenance_by === null && row.on_maintenance === 0) {
    return closeServiceChange(trx, host, by, now) // an operator has returned it before us
  }
  if (row.maintenance_by !== by) return
  await noteReturn(trx, host, by, now)
  await trx
    .updateTable('hosts')
    .set({ on_maintenance: flag(false), maintenance_by: null, reserved: row.held_reserved })
    .where('uuid', '=', host)
    .execute()
}
