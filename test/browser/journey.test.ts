import { expect, test } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { signIn } from '../support/portal-pages.ts'
import { PASSWORD, PortalScene } from '../support/portal-scene.ts'

const ANN = 'ann@acme.example'
const MONTH_DAYS = 32

test('a customer comes by itself, is granted a key, tries a call, sees it, changes its plan, and gets the invoice', async () => {
  const scene = await PortalScene.make()
  await scene.serve(MONTH_DAYS)
  const browser = await TestBrowser.open(scene.origin)
  const { page } = browser

  await browser.go('/')
  await page.getByRole('link', { name: 'Create an account' }).click()
  await page.getByLabel('Organisation').fill('Acme Rockets')
  await page.getByLabel('Your e-mail').fill(ANN)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByText('A message is on its way').waitFor()
  await browser.go(await scene.mailedLink(ANN))
  await page.getByLabel('Password').first().fill(PASSWORD)
  await page.getByRole('button', { name: 'Set password and go in' }).click()
  await page.getByText('Your first answer in four steps').waitFor()

  await page.getByRole('link', { name: 'Ask for a key' }).click()
  await page.getByRole('button', { name: 'Ask for a key' }).first().click()
  await page.getByLabel('Name').fill('rocket shop')
  await page.getByLabel('What it is for').fill('The shop <b>window</b>')
  await page.getByRole('button', { name: 'Ask for it' }).click()
  await page.getByText('Waits for approval').waitFor()

  const [request] = await scene.project.json('keys', 'requests')
  expect(request).toMatchObject({ tenant_id: 'acme-rockets', reason: 'The shop <b>window</b>' })
  await scene.project.run('keys', 'approve', request.id)
  await page.getByText('Ready to reveal').waitFor()
  await page.getByRole('button', { name: 'Reveal' }).click()
  await page.getByRole('button', { name: 'Reveal it now' }).click()
  const secret = (await page.locator('[data-secret]').textContent())!
  expect(secret).toMatch(/^gz_live_[0-9A-Za-z]{38}$/)
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await page.getByText('Active', { exact: true }).waitFor()
  expect(await page.content()).not.toContain(secret)
  await page.reload()
  await page.getByText(`${secret.slice(0, 12)}…${secret.slice(-4)}`).waitFor()
  expect(await page.content()).not.toContain(secret)

  await browser.go('/reference')
  await page.locator('#operations-default-search').click()
  await page.locator('#operations-default-search button.execute').click()
  await page
    .locator('#operations-default-search .live-responses-table .response-col_status', { hasText: '200' })
    .waitFor()
  expect(scene.upstream.seen).toBe(1)
  expect(await scene.call(secret, ['/v1/search', '/v1/search', '/v1/none'])).toEqual([200, 200, 404])
  await browser.go('/')
  await expect.poll(() => page.locator('[data-figure="Calls this period"]').textContent()).toBe('3')

  await browser.go('/plan')
  await page.getByRole('button', { name: 'See what changes' }).first().click()
  await page.getByRole('dialog').getByText('When this period ends').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Move to free' }).click()
  await page.getByText('You move to free').waitFor()

  // The month goes by, and the invoice comes unasked.
  await scene.serve()
  const later = await TestBrowser.open(scene.origin)
  await later.go('/invoices')
  await signIn(later, ANN)
  await later.page.getByRole('link', { name: /^INV-/ }).first().waitFor({ timeout: 60_000 })
  await later.page.getByRole('link', { name: /^INV-/ }).last().click()
  await later.page.getByRole('heading', { name: 'Lines' }).waitFor()
  await later.page.getByRole('button', { name: /calls/i }).first().click()
  await later.page.getByText('which is what was billed').waitFor()
  const [download] = await Promise.all([
    later.page.waitForEvent('download'),
    later.page.getByRole('link', { name: 'Download PDF' }).click(),
  ])
  expect(download.suggestedFilename()).toMatch(/^INV-.*\.pdf$/)
  expect([...browser.faults, ...later.faults]).toEqual([])
})
