/** How soon the console of a large cloud shows its first view in a browser: 1,000 hosts, and 100,000 notifications. */
import type { Page } from 'playwright-core'
import { openLargeConsole } from '../support/large-console.ts'
import { quantile, type Figure } from './figure.ts'

const TURNS = 9
const FIRST_VIEW_MS = 1000

export async function measureConsole(): Promise<readonly Figure[]> {
  await using large = await openLargeConsole()
  const { page, address } = large
  const target = { kind: 'at-most', value: FIRST_VIEW_MS } as const
  return [
    {
      what: 'console, first view of the fleet, 1,000 hosts',
      value: await firstViewMs(page, `${address}/console/`, '.cell'),
      unit: 'ms',
      target,
    },
    {
      what: 'console, first view of 100,000 notifications',
      value: await firstViewMs(page, `${address}/console/#/notifications`, 'tbody tr'),
      unit: 'ms',
      target,
    },
  ]
}

/** From the moment when the address is opened until the wanted part is there, ms; the median. */
async function firstViewMs(page: Page, url: string, selector: string): Promise<number> {
  const times: number[] = []
  for (let turn = 0; turn < TURNS; turn += 1) {
    await page.goto('about:blank')
    await page.goto(url)
    await page.locator(selector).last().waitFor()
    times.push(await page.evaluate('performance.now()'))
  }
  return quantile(times, 0.5)
}
