/** Masakari's tables of 2025.2 without Masakari: any rows, also those that its API would not make. */
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { MariadbServer } from './mariadb.ts'

const STAMP = `created_at datetime, updated_at datetime, deleted_at datetime, deleted int,
  id int not null auto_increment primary key`

const TABLES = [
  `create table failover_segments (${STAMP}, uuid varchar(36) not null, name varchar(255) not null, service_type varchar(255) not null,
    description text, recovery_method varchar(32) not null, enabled tinyint(1) default 1, unique (name, deleted), unique (uuid))`,
  `create table hosts (${STAMP}, uuid varchar(36) not null, name varchar(255) not null, reserved tinyint(1), type varchar(255) not null,
    control_attributes text not null, failover_segment_id varchar(36) not null, on_maintenance tinyint(1), unique (name, deleted),
    unique (uuid))`,
  `create table notifications (${STAMP}, notification_uuid varchar(36) not null, generated_time datetime(6) not null,
    source_host_uuid varchar(36) not null, type varchar(36) not null, payload text, status varchar(32) not null,
    failover_segment_uuid varchar(36), message text, unique (notification_uuid))`,
  `create table vmoves (${STAMP}, uuid varchar(36) not null, notification_uuid varchar(36) not null, instance_uuid varchar(36) not null,
    instance_name varchar(255) not null, source_host varchar(255), dest_host varchar(255), start_time datetime, end_time datetime,
    type varchar(36), status varchar(255), message text, unique (uuid))`,
  'create table masakari_alembic_version (version_num varchar(32) not null)',
  "insert into masakari_alembic_version values ('13adff5efb9a')",
]

type Values = Readonly<Record<string, string | number | null>>

/** One database with such tables. */
export interface MasakariTables {
  readonly database: string
  /** Adds a row; what is not told is as Masakari would have it. */
  segment(number: number, values?: Values): Promise<void>
  host(number: number, values?: Values): Promise<void>
  notification(number: number, values?: Values): Promise<void>
  move(number: number, values?: Values): Promise<void>
  query(sql: string): Promise<RowDataPacket[]>
  /** Of all tables: what is in them. */
  checksum(): Promise<string>
}

/** A uuid that tells what it is: 1 a segment, 2 a host, 3 a notification, 4 a move, 5 an instance. */
export const uuidOf = (kind: 1 | 2 | 3 | 4 | 5, number: number): string =>
  `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`

const stamp = (id: number) => ({
  id,
  created_at: `2025-03-01 10:00:${String(id % 60).padStart(2, '0')}`,
  deleted: 0,
})

/** Makes them in this collation. */
export async function masakariTables(
  mariadb: MariadbServer,
  collation = 'utf8mb3_general_ci',
): Promise<MasakariTables> {
  const database = await mariadb.createDatabase()
  const query = (sql: string, values: readonly unknown[] = []) =>
    queryOn(mariadb, database, sql, values)
  const charset = collation.split('_')[0]
  await query(`alter database ${database} character set ${charset} collate ${collation}`)
  for (const table of TABLES) await query(table)
  const insert = async (table: string, values: Values): Promise<void> => {
    const columns = Object.keys(values)
    const marks = columns.map(() => '?').join(', ')
    await query(
      `insert into ${table} (${columns.join(', ')}) values (${marks})`,
      Object.values(values),
    )
  }
  return {
    database,
    query: (sql) => query(sql),
    segment: (number, values) =>
      insert('failover_segments', {
        ...stamp(number),
        uuid: uuidOf(1, number),
        name: `segment-${number}`,
        service_type: 'COMPUTE',
        recovery_method: 'auto',
        enabled: 1,
        ...values,
      }),
    host: (number, values) =>
      insert('hosts', {
        ...stamp(number),
        uuid: uuidOf(2, number),
        name: `compute-${number}`,
        reserved: 0,
        type: 'COMPUTE',
        control_attributes: 'rack 7',
        failover_segment_id: uuidOf(1, 1),
        on_maintenance: 0,
        ...values,
      }),
    notification: (number, values) =>
      insert('notifications', {
        ...stamp(number),
        updated_at: '2025-03-01 11:00:00',
        notification_uuid: uuidOf(3, number),
        generated_time: '2025-03-01 10:00:00.123456',
        source_host_uuid: uuidOf(2, 1),
        type: 'COMPUTE_HOST',
        payload: '{"host_status": "NORMAL", "event": "STOPPED", "cluster_status": "OFFLINE"}',
        status: 'finished',
        failover_segment_uuid: uuidOf(1, 1),
        message: null,
        ...values,
      }),
    move: (number, values) =>
      insert('vmoves', {
        ...stamp(number),
        uuid: uuidOf(4, number),
        notification_uuid: uuidOf(3, 1),
        instance_uuid: uuidOf(5, number),
        instance_name: `vm-${number}`,
        source_host: 'compute-1',
        dest_host: 'compute-2',
        start_time: '2025-03-01 10:01:00',
        end_time: '2025-03-01 10:02:00',
        type: 'evacuation',
        status: 'succeeded',
        ...values,
      }),
    checksum: () => checksumOf(mariadb, database),
  }
}

/** One segment with two hosts, one ended recovery with one move. */
export async function smallCloud(
  mariadb: MariadbServer,
  collation?: string,
): Promise<MasakariTables> {
  const tables = await masakariTables(mariadb, collation)
  await tables.segment(1)
  await tables.host(1)
  await tables.host(2, { reserved: 1 })
  await tables.notification(1)
  await tables.move(1)
  return tables
}

/** What all tables of a database hold, and how they are made. */
export async function checksumOf(mariadb: MariadbServer, database: string): Promise<string> {
  const tables = await queryOn(mariadb, database, 'show tables')
  const texts = []
  for (const row of tables) {
    const table = String(Object.values(row)[0])
    texts.push(await queryOn(mariadb, database, `show create table ${table}`))
    texts.push(await queryOn(mariadb, database, `checksum table ${table} extended`))
  }
  return JSON.stringify(texts)
}

/** Runs one statement there. */
export async function queryOn(
  mariadb: MariadbServer,
  database: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<RowDataPacket[]> {
  const { host, port, user, password } = mariadb
  const access = { host, port, user, password: password.reveal(), database }
  const connection = await createConnection(access)
  try {
    return (await connection.query<RowDataPacket[]>(sql, [...values]))[0]
  } finally {
    await connection.end()
  }
}
