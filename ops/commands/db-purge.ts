/**
 * `db-purge`: deletes old rows now, instead of waiting for the leader, which deletes some every
 * hour.
 */
import { withStore } from '../with-store.ts'

const DAY_MS = 86_400_000

interface PurgeRequest {
  readonly config: string
  readonly 'age-in-days': number | undefined
  readonly 'max-rows': number | undefined
}

/** Exit statuses: 0 deleted; 1 the store is not available; 2 the configuration cannot be used. */
export async function dbPurge(asked: PurgeRequest): Promise<number> {
  const { config: file, 'age-in-days': age, 'max-rows': rowsMax = Number.MAX_SAFE_INTEGER } = asked
  return withStore(file, async ({ store, clock, config }) => {
    const days = age ?? config.housekeeping.retentionDays
    const { notifications, hosts, segments } = await store.purge({
      before: clock.wallMs() - days * DAY_MS,
      rowsMax,
    })
    process.stdout.write(
      `deleted: ${notifications} notifications, ${hosts} hosts, ${segments} segments\n`,
    )
  })
}
