/**
 * All migrations in order. Append only: a migration that was released is never edited, renamed or
 * removed.
 */
import type { Migration } from 'kysely/migration'
import { segments } from './0001-segments.ts'
import { hosts } from './0002-hosts.ts'
import { notifications } from './0003-notifications.ts'
import { vmMoves } from './0004-vm-moves.ts'
import { leadership } from './0005-leadership.ts'
import { journal } from './0006-journal.ts'
import { deathCertificates } from './0007-death-certificates.ts'
import { listIndices } from './0008-list-indices.ts'
import { segmentPolicies } from './0009-segment-policies.ts'
import { operatorWords } from './0010-operator-words.ts'
import { movesByInstance } from './0011-moves-by-instance.ts'
import { changes } from './0012-changes.ts'
import { moveOrigins } from './0013-move-origins.ts'
import { moveAttempts } from './0014-move-attempts.ts'
import { lifeCycle } from './0015-life-cycle.ts'
import { faultKeys } from './0016-fault-keys.ts'
import { attemptRuns } from './0017-attempt-runs.ts'
import { sealingKey } from './0018-sealing-key.ts'
import { writeChecks } from './0019-write-checks.ts'
import { observers } from './0030-observers.ts'
import { operatorCommands } from './0031-operator-commands.ts'
import { hostMonitors } from './0040-host-monitors.ts'
import { handedOver } from './0041-handed-over.ts'
import { moveGuests } from './0042-move-guests.ts'
import { aggregateDomains } from './0043-aggregate-domains.ts'
import { importedRows } from './0044-imported-rows.ts'
import { newestMoves } from './0045-newest-moves.ts'

/**
 * Old and new processes run side by side during an upgrade. So a migration only expands: it makes tables, columns that have a
 * default or may be null, and indices that are not unique. One that takes something away has a name that ends in `-contract`; it
 * comes a version after the one whose programs do without that.
 *
 * Each migration runs unchanged on MySQL, MariaDB and SQLite, and can run again after an
 * interruption in the middle (MySQL's DDL is not transactional). Therefore an index of a new table
 * is a unique constraint that ends in the id: one statement creates it with the table. A later
 * index is created by its own statement, which accepts that the index exists already.
 */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-segments': segments,
  '0002-hosts': hosts,
  '0003-notifications': notifications,
  '0004-vm-moves': vmMoves,
  '0005-leadership': leadership,
  '0006-journal': journal,
  '0007-death-certificates': deathCertificates,
  '0008-list-indices': listIndices,
  '0009-segment-policies': segmentPolicies,
  '0010-operator-words': operatorWords,
  '0011-moves-by-instance': movesByInstance,
  '0012-changes': changes,
  '0013-move-origins': moveOrigins,
  '0014-move-attempts': moveAttempts,
  '0015-life-cycle': lifeCycle,
  '0016-fault-keys': faultKeys,
  '0017-attempt-runs': attemptRuns,
  '0018-sealing-key': sealingKey,
  '0019-write-checks': writeChecks,
  '0030-observers': observers,
  '0031-operator-commands': operatorCommands,
  '0040-host-monitors': hostMonitors,
  '0041-handed-over': handedOver,
  '0042-move-guests': moveGuests,
  '0043-aggregate-domains': aggregateDomains,
  '0044-imported-rows': importedRows,
  '0045-newest-moves': newestMoves,
}
