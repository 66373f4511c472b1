/** Breaks one promise on purpose near the end of a run, so that one sees that the judge finds it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, ResultSetHeader } from 'mysql2/promise'
import { until } from '../support/until.ts'
import type { FaultSource } from './faults.ts'
import type { Breakage } from './plan.ts'
import type { ChaosWorld } from './world.ts'

/** The host that the saboteur lets die is recovered so soon. */
const EVACUATED_WITHIN_MS = 120_000
/** Chaos may have taken away what is to be broken, or the database. */
const FOUND_WITHIN_MS = 120_000

/** Resolves when it is done; throws when there was nothing to break. */
export async function breakPromise(
  world: ChaosWorld,
  breakage: Breakage,
  faults: FaultSource,
): Promise<void> {
  await BREAKAGE[breakage](world, faults)
}

type Sabotage = (world: ChaosWorld, faults: FaultSource) => Promise<void>

const BREAKAGE: Readonly<Record<Breakage, Sabotage>> = {
  'second-evacuation': evacuateAgain,
  'healthy-power-off': powerOff,
  'stale-epoch': writeWithStaleEpoch,
  'lost-fault': loseFault,
}

/** Somebody asks Nova to evacuate an instance from a dead host, and asks again while that is under way. */
async function evacuateAgain({ http, truth }: ChaosWorld, faults: FaultSource): Promise<void> {
  const { cloud } = http
  const { compute } = cloud.viewFor('saboteur')
  faults.killHost()
  const deadlineMs = performance.now() + EVACUATED_WITHIN_MS
  while (performance.now() < deadlineMs) {
    const victim = cloud.instances.find(
      ({ host, taskState }) =>
        taskState === 'rebuilding' && host !== null && truth.deathOf(host) !== undefined,
    )
    if (victim !== undefined) {
      await compute.evacuate(victim.id, undefined).catch(() => undefined)
      if (cloud.violations.some((line) => line.startsWith('I3'))) return
    }
    await sleep(10)
  }
}

async function powerOff({ hosts, truth }: ChaosWorld, faults: FaultSource): Promise<void> {
  const powerOffOne = (): boolean => {
    const host = hosts.find(({ name }) => faults.mayBreak(name))
    if (host !== undefined) truth.powerOff(host.name)
    return host !== undefined
  }
  await until('a host is healthy', powerOffOne, FOUND_WITHIN_MS)
}

/** What a leader could write that neither looks at its clock nor is checked by the store. */
async function writeWithStaleEpoch({ pool }: ChaosWorld): Promise<void> {
  const statement = `INSERT INTO journal (recorded_at, epoch, notification_uuid, run, kind, step, subject, detail)
     SELECT recorded_at, 0, notification_uuid, run, kind, step, subject, detail
     FROM journal ORDER BY id DESC LIMIT 1`
  await until('a line is in the journal', () => hasChanged(pool, statement), FOUND_WITHIN_MS)
}

/** The row of a fault that a gateway has accepted is deleted. */
async function loseFault({ pool, truth }: ChaosWorld, faults: FaultSource): Promise<void> {
  faults.reportHealthyHost()
  const statement = 'DELETE FROM notifications WHERE notification_uuid = ?'
  await until(
    'a fault is accepted',
    () => {
      const lost = truth.acceptances.at(-1)?.notification
      return lost === undefined ? Promise.resolve(false) : hasChanged(pool, statement, lost)
    },
    FOUND_WITHIN_MS,
  )
}

/** Whether the statement has changed a row; false, too, while the database is away. */
async function hasChanged(pool: Pool, statement: string, ...values: string[]): Promise<boolean> {
  try {
    const [{ affectedRows }] = await pool.query<ResultSetHeader>(statement, values)
    return affectedRows > 0
  } catch {
    return false
  }
}
