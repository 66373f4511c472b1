/** Collects what is known of a run at its end: from the store, the bus, the simulated world and the processes. */
import type { RowDataPacket } from 'mysql2/promise'
import { connect } from 'nats'
import type { FootprintWatch } from './footprint.ts'
import type { Evidence, StoredNotification } from './judge.ts'
import { faultStream } from '../../transports/nats/streams.ts'
import { CLOUD, type ChaosWorld } from './world.ts'

/** Reads everything. All servers must run. */
export async function collect(world: ChaosWorld, footprints: FootprintWatch): Promise<Evidence> {
  const { truth, http } = world
  truth.readOn()
  return {
    ...(await readStore(world)),
    hostDeaths: truth.hostDeaths,
    guestDeaths: truth.guestDeaths,
    acceptances: truth.acceptances,
    powerOffs: truth.powerOffs,
    arrivals: truth.arrivals,
    copies: http.cloud.instances.map(({ id, vmState, host }) => ({
      instance: id,
      vmState,
      host,
      hosts: http.cloud.copiesOf(id),
    })),
    violations: http.cloud.violations,
    tracks: [...footprints.tracks.values()],
    unexpectedEnds: world
      .processes()
      .flatMap(({ node, lives }) =>
        lives.flatMap(({ pid, unexpected }) =>
          unexpected === undefined ? [] : [`${node} (${pid}) ${unexpected}`],
        ),
      ),
    pendingFaults: await pendingFaults(world),
  }
}

async function readStore({
  pool,
}: ChaosWorld): Promise<Pick<Evidence, 'notifications' | 'journal'>> {
  const [notifications] = await pool.query<RowDataPacket[]>(
    `SELECT n.notification_uuid AS uuid, n.type, n.status, n.message, n.payload, n.created_at,
       n.updated_at, h.name
     FROM notifications n JOIN hosts h ON h.uuid = n.source_host_uuid ORDER BY n.id`,
  )
  const [journal] = await pool.query<RowDataPacket[]>(
    'SELECT id, epoch, step, subject FROM journal ORDER BY id',
  )
  return {
    notifications: notifications.map((row): StoredNotification => ({
      uuid: String(row['uuid']),
      type: String(row['type']),
      status: String(row['status']),
      message: row['message'] === null ? null : String(row['message']),
      host: String(row['name']),
      instance: /"instance_uuid": ?"([^"]+)"/.exec(String(row['payload']))?.[1],
      updatedAtMs: Number(row['updated_at'] ?? row['created_at']),
    })),
    journal: journal.map((row) => ({
      id: Number(row['id']),
      epoch: Number(row['epoch']),
      step: String(row['step']),
      subject: String(row['subject']),
    })),
  }
}

/** How many notifications have not ended. */
export async function countUnfinished({ pool }: ChaosWorld): Promise<number> {
  const [rows] = await pool.query<RowDataPacket[]>(
    "SELECT COUNT(*) AS count FROM notifications WHERE status IN ('new', 'running', 'error')",
  )
  return Number(rows[0]?.['count'] ?? 0)
}

/** The id of the latest line in the journal: it grows while the product gets on. */
export async function latestStep({ pool }: ChaosWorld): Promise<number> {
  const [rows] = await pool.query<RowDataPacket[]>('SELECT MAX(id) AS id FROM journal')
  return Number(rows[0]?.['id'] ?? 0)
}

/** Faults in the stream that the engines have not acknowledged. */
export async function pendingFaults({ nats, access }: ChaosWorld): Promise<number> {
  const { user, password: pass } = access.witness
  const connection = await connect({ servers: [...nats.urls], user, pass })
  try {
    const manager = await connection.jetstreamManager()
    let pending = 0
    for await (const consumer of manager.consumers.list(faultStream(CLOUD).name)) {
      pending += consumer.num_pending + consumer.num_ack_pending
    }
    return pending
  } finally {
    await connection.close()
  }
}
