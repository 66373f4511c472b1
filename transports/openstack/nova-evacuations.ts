/** Nova's migration records of evacuations. */
import type { Evacuation } from '../../actors/ports/compute.ts'
import type { HostName } from '../../schema/ids.ts'
import type { ComputeApi } from './compute-api.ts'
import { everyPage } from './every-page.ts'
import { decodeMigrations, evacuationOf, readMigrations, type Migration } from './nova-answers.ts'

/** From this microversion on, migrations come in pages, the latest created first. */
const MICROVERSION = '2.59'
/**
 * The records of all instances of most hosts. Nova's own page of a thousand would return a long
 * history at each poll.
 */
const PAGE = 100

/** Records with this source host, created since a time (wall ms), newest first. */
export async function listEvacuations(
  api: ComputeApi,
  source: HostName,
  sinceMs: number,
  signal: AbortSignal | undefined,
): Promise<readonly Evacuation[]> {
  const fromMs = Math.floor(sinceMs / 1000) * 1000 // Nova keeps seconds
  const isRecent = ({ created_at: createdAt }: Migration): boolean =>
    api.timeOf(createdAt) >= fromMs
  // `changes-since` is not used, because Nova then leaves out records that were never updated, such
  // as those just accepted.
  const migrations: Migration[] = []
  await everyPage(async (marker) => {
    const query = new URLSearchParams({
      migration_type: 'evacuation',
      source_compute: source,
      limit: `${PAGE}`,
      ...marker,
    })
    const path = `/os-migrations?${query.toString()}`
    const request = { method: 'GET', path, repeat: 'harmless', microversion: MICROVERSION } as const
    const { migrations: items, migrations_links: links } = decodeMigrations(
      await api.call(request, signal),
    )
    const rows = readMigrations(items, api.oddRows)
    migrations.push(...rows)
    const last = rows.at(-1)
    const isEnough = last !== undefined && !isRecent(last)
    return { items, links: isEnough ? undefined : links, marker: 'uuid' }
  })
  // The number orders records that were created within one second.
  const newestFirst = (a: Migration, b: Migration): number =>
    api.timeOf(b.created_at) - api.timeOf(a.created_at) || b.id - a.id
  const recent = migrations.filter(isRecent).toSorted(newestFirst)
  return recent.map((migration) => evacuationOf(migration, api.timeOf))
}
