import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { atEnd } from './at-end.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Debian's, unless the environment names another. */
const PROGRAM = process.env.GATEZ_TEST_CHROMIUM ?? '/usr/bin/chromium'

/** A browser of one person, and everything that went wrong in it. */
export class TestBrowser {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of pages, words of the policy that was broken, and requests to other hosts than ours. */
  readonly faults: string[] = []
  /** What the pages asked for. */
  readonly asked: string[] = []

  readonly #base: string

  private constructor(context: BrowserContext, page: Page, { origin, base }: Place) {
    this.context = context
    this.page = page
    this.#base = base
    page.on('pageerror', (error) => this.faults.push(String(error.stack ?? error)))
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) this.faults.push(message.text())
    })
    context.on('request', (request) => {
      const url = request.url()
      if (!url.startsWith(origin) && !url.startsWith('data:') && !url.startsWith('blob:'))
        this.faults.push(`asked another host: ${url}`)
      this.asked.push(url.slice(origin.length))
    })
  }

  /** Opens it; closed when the running test is over. */
  static async open(
    origin: string,
    options: BrowserContextOptions = {},
    base = '/portal',
  ): Promise<TestBrowser> {
    const browser = await chromium.launch({
      executablePath: PROGRAM,
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
    })
    atEnd(() => browser.close())
    const context = await browser.newContext({
      ...{
        baseURL: origin,
        locale: 'en-US',
        timezoneId: 'Europe/Berlin',
        viewport: { width: 1280, height: 800 },
      },
      ...options,
    })
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    return new TestBrowser(context, page, { origin, base })
  }

  /** Goes to a page of the portal and waits until nothing is loading any more. */
  async go(path: string): Promise<void> {
    await this.page.goto(`${this.#base}${path}`)
    await this.settled()
  }

  /** Resolves once nothing on the page is on its way. */
  async settled(): Promise<void> {
    await this.page.locator('#root > :not(style)').first().waitFor()
    await expect
      .poll(() => this.page.locator('[role=status][aria-label=Loading]').count(), { timeout: 60_000 })
      .toBe(0)
  }

  /** What axe finds on the page that is serious or critical, in a few words each. */
  async axe(): Promise<readonly string[]> {
    // Not as a script of the page: the policy of the page stands.
    await this.page.evaluate(AXE)
    const violations: any[] = await this.page.evaluate(
      "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
    )
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .slice(0, 3)
            .map((node: any) => `${node.html.slice(0, 160)} ${node.any?.[0]?.message ?? ''}`)
            .join(' | ')}`,
      )
  }
}

interface Place {
  readonly origin: string
  /** Where the pages are: `/portal` or `/operator`. */
  readonly base: string
}
