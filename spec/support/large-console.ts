/** The console of a large cloud in a browser: 1,000 hosts and 100,000 notifications, as after a year. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Page } from 'playwright-core'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { openPage, startChromium } from './chromium.ts'
import { startConsole } from './console.ts'
import { temporaryDirectory } from './process.ts'

export const HOSTS = 1000
export const SCREEN = { width: 1920, height: 1080 } as const
const SEGMENTS = 10
const NOTIFICATIONS = 100_000

/** A uuid with these digits at its end. */
const UUID = (number: string, kind: string): string =>
  `'00000000-0000-4000-800${kind}-' || printf('%012d', ${number})`

const numbers = (count: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})`

/** Rows of a cloud that has run for a year. */
function fill(path: string): void {
  const database = new DatabaseSync(path)
  database.exec(`
    INSERT INTO segments (created_at, uuid, name, name_key, service_type, enabled, recovery_method)
      ${numbers(SEGMENTS)} SELECT 0, ${UUID('i', '1')}, 'rack-' || i, 'rack-' || i, 'COMPUTE', 1, 'auto' FROM n;
    INSERT INTO hosts (created_at, uuid, name, name_key, failover_segment_id, type, control_attributes,
        reserved, on_maintenance)
      ${numbers(HOSTS)} SELECT 0, ${UUID('i', '2')}, 'compute-' || i, 'compute-' || i,
        ${UUID(`i % ${SEGMENTS}`, '1')}, 'COMPUTE', 'label', 0, 0 FROM n;
    INSERT INTO notifications (created_at, notification_uuid, generated_time, source_host_uuid,
        failover_segment_uuid, type, payload, status, message)
      ${numbers(NOTIFICATIONS)} SELECT i * 300000, ${UUID('i', '3')}, i * 300000,
        ${UUID(`i % ${HOSTS}`, '2')}, ${UUID(`i % ${SEGMENTS}`, '1')}, 'COMPUTE_HOST',
        '{"event":"STOPPED"}', 'finished', '7 instances moved, 0 failed, 0 ignored' FROM n;`)
  database.close()
}

export interface LargeConsole extends AsyncDisposable {
  readonly address: string
  /** Logged in, with the fleet on the screen. */
  readonly page: Page
}

/** Opens it, and logs in. */
export async function openLargeConsole(): Promise<LargeConsole> {
  await using opening = new AsyncDisposableStack()
  const directory = opening.use(await temporaryDirectory('large'))
  const path = join(directory.path, 'store.sqlite')
  const ports = { clock: new SystemClock(), random: new SystemRandom() }
  const store = opening.use(openSqliteStore(path, ports))
  await store.migrate()
  fill(path)
  const world = opening.use(await startConsole({ wrapStore: () => store }))
  const address = await world.app.listen({ host: '127.0.0.1', port: 0 })
  const browser = opening.use(await startChromium())
  const { page } = opening.use(await openPage(browser, `${address}/console/`, SCREEN))
  await page.getByText('Token', { exact: true }).click()
  await page.locator('input[name=token]').fill('admin-token')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('.cell').last().waitFor()
  const open = opening.move()
  return { address, page, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
