/** The import of a large database of Masakari: it must not slow down with the number of rows, nor keep them in memory. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importInstallation } from '../support/import-installation.ts'
import { startMariadb, type MariadbServer } from '../support/mariadb.ts'
import { smallCloud, uuidOf } from '../support/masakari-tables.ts'
import { startServer } from '../support/process.ts'
import type { Figure } from './figure.ts'

/** Recoveries, with ten moves each. */
const FEW = 1000
const MANY = 20_000
const MOVES_EACH = 10

interface Import {
  readonly rows: number
  readonly tookMs: number
  /** The largest resident set, MB. */
  readonly peakMb: number
  /** Rows that are there afterwards. */
  readonly imported: number
}

export async function measureImport(): Promise<readonly Figure[]> {
  await using mariadb = await startMariadb()
  const few = await importOf(mariadb, FEW)
  const many = await importOf(mariadb, MANY)
  const name = `import of ${many.rows.toLocaleString('en')} rows of Masakari`
  return [
    {
      what: `${name}: missing afterwards`,
      value: many.rows - many.imported,
      unit: 'rows',
      target: { kind: 'at-most', value: 0 },
    },
    {
      what: `${name}: time for a row, to that of ${few.rows.toLocaleString('en')} rows`,
      value: perRow(many) / perRow(few),
      unit: '×',
      target: { kind: 'at-most', value: 1.5 },
      remark: `${(few.tookMs / 1000).toFixed(1)} s and ${(many.tookMs / 1000).toFixed(1)} s`,
    },
    {
      what: `${name}: largest resident set`,
      value: many.peakMb,
      unit: 'MB',
      target: { kind: 'at-most', value: 300 },
      remark: `with ${few.rows.toLocaleString('en')} rows: ${few.peakMb.toFixed(0)} MB`,
    },
  ]
}

const perRow = ({ tookMs, rows }: Import): number => tookMs / rows

/** The uuid of the row with the number that the expression has. */
const uuid = (kind: 3 | 4 | 5, number: string): string =>
  `concat('${uuidOf(kind, 0).slice(0, 24)}', lpad(${number}, 12, '0'))`

async function importOf(mariadb: MariadbServer, recoveries: number): Promise<Import> {
  const from = await smallCloud(mariadb)
  await from.query(`insert into notifications
    (created_at, updated_at, deleted, notification_uuid, generated_time, source_host_uuid, type, payload, status, failover_segment_uuid)
    select '2025-03-01 10:00:00', '2025-03-01 11:00:00', 0, ${uuid(3, 'seq')}, '2025-03-01 10:00:00', '${uuidOf(2, 1)}', 'COMPUTE_HOST',
      '{"host_status": "NORMAL", "event": "STOPPED", "cluster_status": "OFFLINE"}', 'finished', '${uuidOf(1, 1)}'
    from seq_2_to_${recoveries}`)
  await from.query(`insert into vmoves
    (created_at, deleted, uuid, notification_uuid, instance_uuid, instance_name, source_host, dest_host, start_time, end_time, type, status)
    select '2025-03-01 10:01:00', 0, ${uuid(4, 'seq')}, ${uuid(3, `seq div ${MOVES_EACH}`)}, ${uuid(5, 'seq')}, concat('vm-', seq),
      'compute-1', 'compute-2', '2025-03-01 10:01:00', '2025-03-01 10:02:00', 'evacuation', 'succeeded'
    from seq_${MOVES_EACH}_to_${recoveries * MOVES_EACH}`)
  await using ours = await importInstallation(mariadb, from)
  await ours.migrate()
  const startMs = Date.now()
  await using running = await startServer({
    command: process.execPath,
    args: [join(import.meta.dirname, '..', '..', 'ops', 'cli.ts'), ...ours.words],
  })
  let peakMb = 0
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, peakResidentMb(running.pid))
  }, 50)
  await running.ended.finally(() => clearInterval(watch))
  const tookMs = Date.now() - startMs
  if (running.exitStatus() !== 0) throw new Error(`the import failed:\n${running.output()}`)
  return {
    tookMs,
    peakMb,
    rows: await rowsOf(from, ['failover_segments', 'hosts', 'notifications', 'vmoves']),
    imported: await rowsOf(ours, ['segments', 'hosts', 'notifications', 'vm_moves']),
  }
}

async function rowsOf(
  database: { query(sql: string): Promise<readonly object[]> },
  tables: readonly string[],
): Promise<number> {
  const counts = tables.map((table) => `(select count(*) from ${table})`)
  const [row] = await database.query(`select ${counts.join(' + ')} as n`)
  return Number(Object(row).n)
}

/** VmHWM as the kernel counts it; 0 when the process has ended. */
function peakResidentMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
