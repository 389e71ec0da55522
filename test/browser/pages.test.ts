import { expect, test } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { ENTRIES, PAGES, signIn } from '../support/portal-pages.ts'
import { filledScene } from '../support/portal-past.ts'
import { PortalScene } from '../support/portal-scene.ts'
import { until } from '../support/until.ts'

const ANN = 'ann@acme.example'

test('every page in both schemes has nothing serious for axe, breaks no rule of its policy, and fits a phone', async () => {
  const scene = await filledScene(ANN)
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const browser = await TestBrowser.open(scene.origin, { colorScheme })
    const look = async (path: string) => {
      await browser.go(path)
      for (const problem of await browser.axe()) found.push(`${colorScheme} ${path} ${problem}`)
      await browser.page.setViewportSize({ width: 390, height: 844 })
      // The menu slides away first.
      await expect
        .poll(() => browser.page.evaluate('document.documentElement.scrollWidth'), { message: path })
        .toBeLessThanOrEqual(390)
      await browser.page.setViewportSize({ width: 1280, height: 800 })
    }
    for (const path of Object.values(ENTRIES)) await look(path)
    await browser.go('/')
    await signIn(browser, ANN)
    for (const path of Object.values(PAGES)) await look(path)
    await look(`/invoices/${await scene.invoice()}`)
    await look(`/usage/calls/${await scene.refusedCall()}`)
    expect(browser.faults).toEqual([])
  }
  expect(found).toEqual([])
})

test('the figures of a month on the page are those of the report and of the CSV of the command line', async () => {
  const scene = await filledScene(ANN)
  const browser = await TestBrowser.open(scene.origin)
  const { page } = browser
  const month = new Date().toISOString().slice(0, 7)
  await browser.go(`/usage?month=${month}&by=route`)
  await signIn(browser, ANN)
  await browser.go(`/usage?month=${month}&by=route`)
  const report = await until('all calls are in the ledger', async () => {
    const all = await scene.project.json(
      'usage',
      'report',
      '--tenant',
      'acme',
      '--month',
      month,
      '--by',
      'route',
    )
    const shown = await page.locator('[data-figure="Calls"]').textContent()
    return shown === all.total.requests.toLocaleString('en-US') ? all : undefined
  })
  const figure = (name: string) => page.locator(`[data-figure="${name}"]`).textContent()
  expect([await figure('Billable'), await figure('Units'), await figure('Amount')]).toEqual([
    report.total.billable.toLocaleString('en-US'),
    report.total.usage_units.toLocaleString('en-US'),
    `$${report.total.amount}`,
  ])
  const rows = await page.getByRole('table', { name: 'Usage by route' }).locator('tbody tr').allInnerTexts()
  expect(rows.map((row) => row.split(/\s*\t\s*/).map((cell) => cell.trim()))).toEqual(
    report.rows.map((row: any) => [
      row.route_id || 'No route (fees)',
      ...[row.requests, row.billable, row.refused, row.usage_units].map((n) => n.toLocaleString('en-US')),
      expect.any(String),
      `$${row.amount}`,
    ]),
  )
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download CSV' }).click(),
  ])
  const stream = await download.createReadStream()
  let csv = ''
  for await (const piece of stream) csv += piece
  const exported = await scene.project.run('usage', 'export', '--tenant', 'acme', '--month', month)
  expect(csv).toBe(exported)
  expect(browser.faults).toEqual([])
})

test('two customers in two browsers see nothing of each other', async () => {
  const scene = await PortalScene.make({ sign_up: 'invited' })
  await scene.serve()
  const people = { alpha: 'canary-alpha-7c1e', beta: 'canary-beta-93af' } as const
  const pages: Record<string, string> = {}
  for (const [tenant, canary] of Object.entries(people)) {
    await scene.project.run('tenants', 'create', tenant, '--name', canary, '--plan', 'pro')
    const { secret } = await scene.project.json('keys', 'create', tenant, '--name', canary)
    await scene.member(tenant, `${canary}@example.com`)
    await scene.call(secret, [`/v1/lookup/${canary}`])
  }
  for (const [tenant, canary] of Object.entries(people)) {
    const browser = await TestBrowser.open(scene.origin)
    await browser.go('/')
    await signIn(browser, `${canary}@example.com`)
    let seen = ''
    for (const path of Object.values(PAGES)) {
      await browser.go(path)
      seen += await browser.page.content()
    }
    pages[tenant] = seen
    expect(browser.faults).toEqual([])
  }
  expect(pages.alpha).toContain(people.alpha)
  expect(pages.beta).toContain(people.beta)
  expect(pages.alpha).not.toContain(people.beta)
  expect(pages.beta).not.toContain(people.alpha)
})

test('what goes wrong is said on the page, and what can be done about it', async () => {
  const scene = await PortalScene.make({ sign_up: 'invited' })
  await scene.serve()
  await scene.project.run('tenants', 'create', 'acme', '--plan', 'free')
  await scene.member('acme', ANN)
  await scene.member('acme', 'vic@acme.example', 'viewer')
  const browser = await TestBrowser.open(scene.origin)
  const { page } = browser
  await browser.go('/keys')
  await page.getByLabel('E-mail').fill(ANN)
  await page.getByLabel('Password').first().fill('not the password')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').waitFor()
  await browser.go('/link#none')
  await page.getByLabel('Password').first().fill('correct horse battery')
  await page.getByRole('button', { name: 'Set password and go in' }).click()
  await page.getByText('This link was used, is too old, or was never made.').waitFor()
  await browser.go('/keys')
  await signIn(browser, ANN)
  await page.getByText('No keys yet').waitFor()

  for (const name of ['first', 'second']) {
    await page.getByRole('button', { name: 'Ask for a key' }).first().click()
    await page.getByLabel('Name').fill(name)
    await page.getByRole('button', { name: 'Ask for it' }).click()
    if (name === 'first') await page.getByText('Ready to reveal').waitFor()
  }
  await page.getByText('Plan free allows 1 key').waitFor()
  await page.keyboard.press('Escape')
  await browser.go('/invoices/INV-0')
  await page.getByText('Your organisation has no such invoice.').waitFor()

  await page.route('**/api/portal/v1/members*', (route) => route.abort())
  await browser.go('/members')
  await page.getByText('The server does not answer').waitFor({ timeout: 30_000 })
  await page.unroute('**/api/portal/v1/members*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('table', { name: 'Members' }).waitFor()

  await browser.context.clearCookies()
  await browser.go('/')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn(browser, ANN)
  await browser.context.clearCookies()
  await page.getByText('Your session ended').waitFor({ timeout: 30_000 })
  await page.getByRole('button', { name: 'Sign in again' }).click()
  await signIn(browser, 'vic@acme.example')
  await browser.go('/keys')
  expect(await page.getByRole('button', { name: 'Ask for a key' }).count()).toBe(0)
  expect(browser.faults).toEqual([])
})
