/** The console in a browser, on the embedded demonstration and on a gateway with log-in. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import axe from 'axe-core'
import test, { type ExecutionContext } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { openPage, startChromium } from '../support/chromium.ts'
import { until } from '../support/until.ts'
import { startConsole, PASSWORD } from '../support/console.ts'
import { aHost, anInstance, aSegment } from '../support/gateway.ts'
import { startServer, temporaryDirectory } from '../support/process.ts'

/** Pictures of each page are put here; the two of the README are copies of them. */
const PICTURES = process.env['CONSOLE_PICTURES']

let browser: Browser
test.before(async () => {
  browser = await startChromium()
})
test.after.always(() => browser.close())

/** The violations of axe-core's rules, each in one line. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const text: string = await page.evaluate(
    'axe.run().then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => ' +
      '`${location.hash} ${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`)))',
  )
  return JSON.parse(text) as readonly string[]
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return
  await mkdir(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`) })
}

const LOOKS = [
  { suffix: '-4k', size: { width: 3840, height: 2160 }, colorScheme: 'dark' },
  { suffix: '-dark', size: { width: 1440, height: 900 }, colorScheme: 'dark' },
  { suffix: '-phone', size: { width: 360, height: 740 }, colorScheme: 'dark' },
  { suffix: '', size: { width: 1440, height: 900 }, colorScheme: 'light' },
] as const

/** From a phone to 4K and in both colours, axe-core finds nothing, and nothing is wider than the screen. */
async function looksWell(t: ExecutionContext, page: Page, name: string): Promise<void> {
  for (const { suffix, size, colorScheme } of LOOKS) {
    await page.setViewportSize(size)
    await page.emulateMedia({ colorScheme })
    t.deepEqual(await violations(page), [], `${name}${suffix}`)
    const hidden: number = await page.evaluate(
      "Math.max(...[...document.querySelectorAll('html, dialog')].map((each) => each.scrollWidth - each.clientWidth))",
    )
    t.is(hidden, 0, `${name}${suffix} is so many pixels too wide`)
    await picture(page, `${name}${suffix}`)
  }
}

const addressIn = (text: string): string =>
  /http:\/\/127\.0\.0\.1:\d+\/console\//.exec(text)?.[0] ?? ''

test.serial(
  'a host dies before the reader’s eyes, and the timeline tells why and when',
  async (t) => {
    await using directory = await temporaryDirectory('console')
    await using demo = await startServer({
      command: process.execPath,
      args: [join(process.cwd(), 'ops/cli.ts'), 'run', '--port', '0'],
      cwd: directory.path,
      ready: /console\s+http/,
    })
    await using open = await openPage(browser, addressIn(demo.output()))
    const { page, troubles } = open
    const host = page.locator('.cell', { hasText: 'compute-03' })
    await host.and(page.locator('.dead, .recovering')).waitFor({ timeout: 60_000 })
    await picture(page, 'fleet')
    await page.getByRole('link', { name: 'Notifications' }).click()
    await page.getByLabel('Type').selectOption('COMPUTE_HOST')
    await page.locator('td.wide a').first().click()
    const timeline = page.getByRole('list', { name: 'Timeline' })
    for (const lane of [
      /^Suspected by/,
      /^Quorum and decision/,
      /^Fence/,
      /^Isolation/,
      /^vm-\d+/,
    ]) {
      await timeline.getByText(lane).first().waitFor({ timeout: 60_000 })
    }
    // All of this appears without loading the page again.
    await page.locator('h1 .tag', { hasText: 'finished' }).waitFor({ timeout: 90_000 })
    await page.getByText('100%').waitFor()
    await timeline.locator('[title*="guest is back"]').first().waitFor({ timeout: 90_000 })
    const first: string = await page.evaluate('document.querySelector(".timeline .bar").style.left')
    t.is(first, '0%', 'the first missed probe is the first sign')
    await looksWell(t, page, 'recovery')

    await page.getByRole('button', { name: 'Let back' }).click()
    await page.getByLabel('Reason').fill('the power supply is replaced')
    await page.getByRole('dialog').getByRole('button', { name: 'Let back' }).click()
    await page.getByText(/Let back by anybody.*the power supply is replaced/).waitFor()

    for (const name of [
      'Fleet',
      'VM moves',
      'Segments',
      'Commands',
      'Nodes',
      'Live feed',
      'My instances',
    ]) {
      await page.getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { name, level: 1 }).waitFor()
      await until(
        'the page is loaded',
        async () => (await page.getByText('Loading…').count()) === 0,
      )
      await looksWell(t, page, name.toLowerCase().replace(' ', '-'))
    }
    await page.getByRole('link', { name: 'Fleet', exact: true }).click()
    await page.locator('.cell').first().click()
    await page.getByText(/It would be fenced/).waitFor()
    await looksWell(t, page, 'host')
    t.deepEqual(troubles, [])
  },
)

test.serial(
  'a command that cannot be undone asks for a reason and the name of the host',
  async (t) => {
    await using world = await startConsole()
    const segment = await aSegment(world)
    await aHost(world, segment, '<img src=x onerror=alert(1)>compute')
    const notification = {
      type: 'COMPUTE_HOST',
      hostname: 'compute-7',
      generated_time: new Date(world.clock.wallMs()).toISOString(),
      payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
    }
    await aHost(world, segment, 'compute-7')
    await world.call({ method: 'POST', url: '/v1/notifications', body: { notification } })
    const address = await world.app.listen({ host: '127.0.0.1', port: 0 })
    await using open = await openPage(browser, `${address}/console/`, { colorScheme: 'dark' })
    const { page, troubles } = open
    await page.getByLabel('User').waitFor()
    t.deepEqual(await violations(page), [], 'log-in')
    await picture(page, 'log-in')
    await page.getByLabel('User').fill('admin')
    await page.getByLabel('Password', { exact: true }).last().fill('guessed')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText(/does not accept this/).waitFor()
    await page.getByLabel('Password', { exact: true }).last().fill(PASSWORD)
    await page.getByLabel('Project').fill('infra')
    // The keyboard alone is enough.
    await page.keyboard.press('Enter')
    await page.getByText('<img src=x onerror=alert(1)>compute').waitFor()
    t.deepEqual(await violations(page), [], 'fleet')
    await page.getByRole('link', { name: 'Notifications' }).click()
    await page.locator('td.wide a').first().click()
    await page.getByRole('button', { name: 'Confirm dead' }).click()
    const dialog = page.getByRole('dialog')
    const give = dialog.getByRole('button', { name: 'Confirm dead' })
    await dialog.getByLabel('Reason').fill('I pulled the plug')
    t.true(await give.isDisabled())
    t.deepEqual(await violations(page), [], 'dialog')
    await dialog.getByLabel(/^Type compute-7/).fill('compute-7')
    await page.keyboard.press('Enter')
    await page.getByText(/Confirm dead by admin-user.*I pulled the plug/).waitFor()
    t.is(world.commandsGiven.length, 1)
    t.deepEqual(troubles, [])
  },
)

test.serial(
  'the wizard asks a host, and saves it when it answers or a person insists',
  async (t) => {
    let isWell = false
    await using world = await startConsole({
      probeHost: async () => [
        { channel: 'ipmi', ok: isWell, text: isWell ? 'the power is on' : 'no answer within 5 s' },
      ],
    })
    const address = await world.app.listen({ host: '127.0.0.1', port: 0 })
    await using open = await openPage(browser, `${address}/console/#/segments`)
    const { page, troubles } = open
    await page.getByText('Token', { exact: true }).click()
    await page.locator('input[name=token]').fill('admin-token')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'New segment' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('rack-9')
    await page.keyboard.press('Enter')
    const fillHost = async (name: string): Promise<void> => {
      await dialog.getByLabel('Name').fill(name)
      await dialog.locator('input[name=bmc_address]').fill(`bmc-${name}`)
      await dialog.locator('input[name=bmc_username]').fill('fence')
      await dialog.locator('input[name=bmc_password]').fill('secret')
      await dialog.getByRole('button', { name: 'Ask it, and save it' }).click()
    }
    await dialog.getByText('step 2 of 2').waitFor()
    await fillHost('compute-1')
    await dialog.getByText('no answer within 5 s').waitFor()
    await looksWell(t, page, 'wizard')
    const sort = [{ key: 'id', direction: 'asc' }] as const
    const [segment] = await world.store.listSegments({}, { limit: 1, sort })
    if (segment === undefined) return t.fail('no segment was made')
    const names = async () =>
      (await world.store.listHosts({ segment: segment.uuid }, { limit: 9, sort })).map(({ name }) =>
        String(name),
      )
    t.deepEqual(await names(), [])
    await dialog.getByRole('button', { name: 'Save it nevertheless' }).click()
    await dialog.getByText('Saved: compute-1.').waitFor()
    isWell = true
    await fillHost('compute-2')
    await dialog.getByText('Saved: compute-1, compute-2.').waitFor()
    t.deepEqual(await names(), ['compute-1', 'compute-2'])
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'rack-9' }).click()
    await page.getByText('Fence plan').waitFor()
    await looksWell(t, page, 'segment')

    await page.getByRole('button', { name: 'Change…' }).click()
    await dialog.getByRole('combobox', { name: 'Way 1' }).selectOption('agent')
    await dialog.getByLabel('Name of way 1').fill('rm -rf')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('Name of way 1').fill('fence_apc')
    await dialog.getByRole('button', { name: 'Add a way' }).click()
    await dialog.getByRole('button', { name: 'Move 2 up' }).click()
    await dialog.getByLabel('Time limit of way 1, seconds').fill('45')
    await looksWell(t, page, 'fence-plan')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText(/^bmc \(45 s\), then agent fence_apc/).waitFor()
    await page.getByLabel('Most hosts at once').fill('3')
    await page.keyboard.press('Enter')
    await page.getByLabel('Reports count without proof').selectOption('yes')
    const chosen = () => world.store.getPolicy(segment.uuid)
    await until('the choices are stored', async () => (await chosen()).trustReports === true)
    t.like(await chosen(), { hostsMax: 3, trustReports: true })
    t.is((await chosen()).rungs?.length, 2)
    t.is(troubles.length, 1, 'the plan that was refused')
    t.regex(troubles[0] ?? '', /400/)
  },
)

test.serial(
  'a member sees the own instances and nothing else, on a small screen too',
  async (t) => {
    await using world = await startConsole({
      compute: { listProjectInstances: async () => [anInstance(1), anInstance(2)] },
    })
    await aHost(world, await aSegment(world, 'secret-rack'), 'compute-1')
    const address = await world.app.listen({ host: '127.0.0.1', port: 0 })
    await using open = await openPage(browser, `${address}/console/`, { width: 360, height: 740 })
    const { page, troubles } = open
    await page.getByText('Token', { exact: true }).click()
    await page.locator('input[name=token]').fill('member-token')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('link', { name: 'My instances' }).click()
    await page.getByText('vm-2').waitFor()
    t.deepEqual(await violations(page), [])
    await picture(page, 'member')
    for (const hidden of ['Fleet', 'Commands', 'Nodes', 'Live feed']) {
      t.is(await page.getByRole('link', { name: hidden, exact: true }).count(), 0, hidden)
    }
    const widest: number = await page.evaluate('document.documentElement.scrollWidth')
    t.true(widest <= 360, `${widest}`)
    await page.evaluate('location.hash = "#/fleet"')
    await page.getByText('vm-2').waitFor({ state: 'detached' })
    t.false((await page.content()).includes('compute-1'))
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByText('You are logged out.').waitFor()
    t.deepEqual(troubles, [])
  },
)
