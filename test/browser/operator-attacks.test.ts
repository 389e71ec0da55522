import { expect, test } from 'vitest'
import { OPERATOR_PAGES, signedInOperator } from '../support/operator-pages.ts'
import { PortalScene } from '../support/portal-scene.ts'

async function openScene() {
  const scene = await PortalScene.make()
  await scene.serve()
  return scene
}

test('of two operators who decide one request the second is told, and the mark moves under nobody', async () => {
  const scene = await openScene()
  await scene.project.run('tenants', 'create', 'acme', '--plan', 'pro')
  const ids: string[] = []
  for (const name of ['one', 'two', 'three'])
    ids.push((await scene.project.json('keys', 'request', 'acme', '--name', name)).id)
  const [first, second] = [await signedInOperator(scene), await signedInOperator(scene)]
  for (const { go } of [first, second].map((each) => ({ go: () => each.go('/approvals') }))) await go()
  // The second does not hear of it until it acts.
  await second.page.route(/\/api\/v1\/keys\?/, (route) => route.abort())
  await first.page.keyboard.press('a')
  await first.page.getByRole('row', { name: /\bone\b/ }).waitFor({ state: 'detached' })
  await second.page.keyboard.press('r')
  await second.page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click()
  await second.page.getByText('only a request can be rejected').waitFor()
  await second.page.unroute(/\/api\/v1\/keys\?/)
  await second.page.keyboard.press('Escape')
  await second.page.getByRole('row', { name: /\bone\b/ }).waitFor({ state: 'detached' })
  // What it had marked is gone: nothing else is granted by the same key.
  await second.page.keyboard.press('a')
  await expect.poll(() => second.page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true)
  expect(await scene.project.json('keys', 'show', ids[1] ?? '')).toMatchObject({ state: 'requested' })
  await second.page.keyboard.press('j')
  await second.page.keyboard.press('x')
  await second.page.keyboard.press('j')
  await second.page.keyboard.press('x')
  await second.page.getByRole('button', { name: 'Approve 2' }).click()
  await second.page.getByText('Nobody waits').waitFor()
  for (const id of ids)
    expect(await scene.project.json('keys', 'show', id)).toMatchObject({ state: 'approved' })
  expect([...first.faults, ...second.faults]).toEqual([])
})

test('a session of the operator that ends in the middle of an action says so, does nothing, and leads back', async () => {
  const scene = await openScene()
  await scene.project.run('tenants', 'create', 'acme', '--plan', 'pro')
  const browser = await signedInOperator(scene)
  const { page } = browser
  await browser.go('/tenants/acme')
  await page.getByRole('button', { name: 'Suspend' }).click()
  await browser.context.clearCookies()
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click()
  await page.getByText('Your session ended').waitFor()
  await page.getByRole('button', { name: 'Sign in again' }).click()
  await page.getByLabel('Token or link').waitFor()
  expect((await scene.project.json('tenants', 'show', 'acme')).state).toBe('active')
})

test('what customers write is text on every page of the operator, however long and in whatever direction', async () => {
  const scene = await openScene()
  const hostile = `<img src=x onerror="document.title='owned'"> \u202eמפתח\u202c 🧨👩‍👩‍👧 `
  const long = hostile + 'x'.repeat(190 - hostile.length)
  await scene.project.run('tenants', 'create', 'acme', '--name', long, '--plan', 'pro')
  const { secret } = await scene.project.json('keys', 'create', 'acme', '--name', 'shop')
  await scene.project.run(
    'keys',
    'request',
    'acme',
    '--name',
    'לוח',
    '--reason',
    hostile.repeat(8).slice(0, 500),
  )
  const name = encodeURIComponent(hostile)
  await scene.call(secret, [`/v1/lookup/${name}`, `/v1/lookup/${'y'.repeat(500)}`, '/v1/search'])
  const browser = await signedInOperator(scene)
  const { page } = browser
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of Object.values(OPERATOR_PAGES)) {
    await browser.go(path)
    expect(await page.title(), path).not.toBe('owned')
    await expect
      .poll(() => page.evaluate('document.documentElement.scrollWidth'), { message: path })
      .toBeLessThanOrEqual(390)
  }
  await browser.go('/tenants')
  await page.getByText('onerror=').first().waitFor()
  expect(browser.faults).toEqual([])
})

test('while the gateway is away every page of the operator says that it does not answer, and comes back', async () => {
  const scene = await openScene()
  const browser = await signedInOperator(scene)
  const { page } = browser
  await page.route('**/api/v1/**', (route) => route.abort())
  await page.getByRole('link', { name: 'Tenants' }).click()
  await page.getByText('The server does not answer').first().waitFor({ timeout: 30_000 })
  await page.unroute('**/api/v1/**')
  await page.getByRole('button', { name: 'Try again' }).first().click()
  await page.getByText('No tenants yet').or(page.getByRole('table')).first().waitFor()
  expect(browser.faults).toEqual([])
})
