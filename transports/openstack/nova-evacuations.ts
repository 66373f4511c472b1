/** Nova's migration records of evacuations. */
import type { Evacuation } from '../../actors/ports/compute.ts'
import type { HostName } from '../../schema/ids.ts'
import type { ComputeApi } from './compute-api.ts'
import { everyPage } from './every-page.ts'
import { decodeMigrations, evacuationOf, utcMs, type Migration } from './nova-answers.ts'

/** From this one on migrations come in pages and can be asked for by time of change. */
const MICROVERSION = '2.59'

/** Records with this source host changed since a time (wall ms), newest first. */
export async function listEvacuations(
  api: ComputeApi,
  source: HostName,
  sinceMs: number,
  signal: AbortSignal | undefined,
): Promise<readonly Evacuation[]> {
  const fromMs = Math.floor(sinceMs / 1000) * 1000 // Nova keeps seconds
  // Nova's `changes-since` leaves out what was never updated, which are the records just accepted. Those are asked
  // for first, so that one which moves on between the two requests is in the second.
  const accepted = await list(api, { source_compute: source, status: 'accepted' }, signal)
  const since = new Date(fromMs).toISOString()
  const changed = await list(api, { source_compute: source, 'changes-since': since }, signal)
  const recent = accepted.filter((record) => changedAtMs(record) >= fromMs)
  const latest = new Map([...recent, ...changed].map((record) => [record.uuid, record]))
  return [...latest.values()].toSorted(newestFirst).map(evacuationOf)
}

/** The number tells apart what was created within one second. */
const newestFirst = (a: Migration, b: Migration): number =>
  utcMs(b.created_at) - utcMs(a.created_at) || b.id - a.id

const changedAtMs = (record: Migration): number => utcMs(record.updated_at ?? record.created_at)

const list = (
  api: ComputeApi,
  filter: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<readonly Migration[]> =>
  everyPage(async (marker) => {
    const query = new URLSearchParams({ migration_type: 'evacuation', ...filter, ...marker })
    const text = await api.call(
      {
        method: 'GET',
        path: `/os-migrations?${query.toString()}`,
        repeat: 'harmless',
        microversion: MICROVERSION,
      },
      signal,
    )
    const { migrations, migrations_links: links } = decodeMigrations(text)
    return { items: migrations, links, last: migrations.at(-1)?.uuid }
  })
