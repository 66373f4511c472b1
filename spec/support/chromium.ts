/** The distribution's Chromium, without a window, and what it must not have said. */
import { chromium, type Browser, type Page } from 'playwright-core'
import { program } from './process.ts'

export interface OpenPage extends AsyncDisposable {
  readonly page: Page
  /** Errors of scripts, refusals of the content security policy, and requests of other servers. */
  readonly troubles: readonly string[]
}

/** Starts one browser. */
export async function startChromium(): Promise<Browser> {
  const executablePath = program('chromium', 'chromium')
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run']
  return await chromium.launch({ executablePath, args, headless: true })
}

export interface Look {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'light' | 'dark'
}

/** Opens a page with cookies of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1440, height = 900, colorScheme = 'light' }: Look = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    locale: 'en-GB',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const troubles: string[] = []
  const own = new URL(url).origin
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => {
    // A refused log-in is an answer, and the browser reports it as an error.
    const isAnswer = /^Failed to load resource: .* (401|403|409)/.test(message.text())
    if (message.type() === 'error' && !isAnswer) troubles.push(message.text())
  })
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== own) troubles.push(`asks ${request.url()}`)
  })
  await page.goto(url, { waitUntil: 'domcontentloaded' })
  return {
    page,
    troubles,
    [Symbol.asyncDispose]: () => context.close(),
  }
}
