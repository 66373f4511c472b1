/** The console of a large cloud: 1,000 hosts are on one screen, and all files together are small. */
import { join } from 'node:path'
import test from 'ava'
import { readPages } from '../../gateway/console/pages-in-memory.ts'
import { HOSTS, openLargeConsole, SCREEN } from '../support/large-console.ts'

/** All files that a browser gets, compressed. */
const BYTES_MAX = 200_000

test('all hosts of a large cloud are on one screen', async (t) => {
  await using large = await openLargeConsole()
  const { page } = large
  t.is(await page.locator('.cell').count(), HOSTS)
  const height: number = await page.evaluate('document.documentElement.scrollHeight')
  t.true(height <= SCREEN.height, `all hosts are on one screen: ${height}`)
  if (process.env['CONSOLE_PICTURES'] !== undefined) {
    await page.screenshot({ path: join(process.env['CONSOLE_PICTURES'], 'large-fleet.png') })
  }
})

test('all files of the console together are small', (t) => {
  const bytes = [...readPages().files.values()].reduce(
    (sum, { gzipped }) => sum + gzipped.length,
    0,
  )
  t.log({ bytes })
  t.true(bytes <= BYTES_MAX, `${bytes}`)
})
