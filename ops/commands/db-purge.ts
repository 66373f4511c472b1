/**
 * `db-purge`: deletes old rows now, instead of waiting for the leader, which deletes some every
 * hour.
 */
import { parseArgs } from 'node:util'
import { withStore } from '../with-store.ts'

const DAY_MS = 86_400_000

/**
 * Exit statuses: 0 deleted; 1 the store is not available; 2 the configuration or the arguments
 * cannot be used.
 */
export async function dbPurge(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      'age-in-days': { type: 'string' },
      'max-rows': { type: 'string' },
    },
  })
  const { config: file, 'age-in-days': age, 'max-rows': rows } = values
  if (!isWhole(age) || !isWhole(rows) || Number(age) === 0) {
    process.stderr.write('--age-in-days takes 1 or more, --max-rows 0 or more\n')
    return 2
  }
  return withStore(file, async ({ store, clock, config }) => {
    const days = age === undefined ? config.housekeeping.retentionDays : Number(age)
    const { notifications, hosts, segments } = await store.purge({
      before: clock.wallMs() - days * DAY_MS,
      rowsMax: rows === undefined ? Number.MAX_SAFE_INTEGER : Number(rows),
    })
    process.stdout.write(
      `deleted: ${notifications} notifications, ${hosts} hosts, ${segments} segments\n`,
    )
  })
}

const isWhole = (text: string | undefined): boolean => text === undefined || /^\d{1,9}$/.test(text)
