import { expect, test } from 'vitest'
import { signedInOperator } from '../support/operator-pages.ts'
import { PAGES } from '../support/portal-pages.ts'
import { PortalScene } from '../support/portal-scene.ts'

test('an operator sees the portal as a customer: named on every page, able to change nothing, on record, and back', async () => {
  const scene = await PortalScene.make()
  await scene.serve()
  await scene.project.run('tenants', 'create', 'acme', '--name', 'Acme Rockets', '--plan', 'pro')
  await scene.project.run('keys', 'create', 'acme', '--name', 'window')
  const browser = await signedInOperator(scene)
  const { page } = browser
  await browser.go('/tenants/acme')
  await page.getByRole('button', { name: 'See as customer' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('Ticket 4711')
  await page.getByRole('button', { name: 'Open its pages' }).click()
  await page.waitForURL('**/portal/')
  const banner = page.getByRole('region', { name: 'Visit of the operator' })
  await banner.getByText('Acme Rockets').waitFor()
  for (const path of Object.values(PAGES)) {
    await page.goto(`/portal${path}`)
    await browser.settled()
    await banner.getByText('Acme Rockets').waitFor()
    expect(await banner.textContent(), path).toMatch(/operator:ses_\w+ sees what members of Acme Rockets see/)
    expect(await browser.axe(), path).toEqual([])
    const buttons = page
      .getByRole('main')
      .getByRole('button', { name: /Ask for|Reveal|Rotate|Revoke|Invite|Move|Try it/ })
    expect(await buttons.count(), path).toBe(0)
  }
  await page.setViewportSize({ width: 390, height: 844 })
  await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
  await page.setViewportSize({ width: 1280, height: 800 })
  // The same browser is still the operator at its own pages.
  await browser.go('/audit')
  await page.getByRole('row', { name: /operator\.visit-began/ }).waitFor()
  await page.goto('/portal/')
  await banner.getByRole('button', { name: 'End' }).click()
  await page.waitForURL('**/operator/tenants/acme')
  await page.getByRole('heading', { name: 'Acme Rockets' }).waitFor()
  await page.goto('/portal/')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await browser.go('/audit')
  await page.getByRole('row', { name: /operator\.visit-ended/ }).waitFor()
  await page.getByRole('row', { name: /operator\.visit-began.*Ticket 4711/ }).waitFor()
  expect(browser.faults).toEqual([])
})
