import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { linkToken, OPERATOR_PAGES, operatorBrowser, signedInOperator } from '../support/operator-pages.ts'
import { filledScene } from '../support/portal-past.ts'
import { PortalScene } from '../support/portal-scene.ts'
import { until } from '../support/until.ts'

const ANN = 'ann@acme.example'

test('the operator comes in by a link once, grants one request, turns one down, and the terminal says so', async () => {
  const scene = await PortalScene.make()
  await scene.serve()
  await scene.project.run('tenants', 'create', 'acme', '--name', 'Acme Rockets', '--plan', 'pro')
  const wanted = await scene.project.json(
    'keys',
    'request',
    'acme',
    '--name',
    'window',
    '--reason',
    'The <b>shop</b>',
  )
  const browser = await operatorBrowser(scene)
  const { page } = browser
  const token = await linkToken(scene)
  await browser.go(`#${token}`)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  expect(page.url()).not.toContain(token)
  const other = await operatorBrowser(scene)
  await other.go(`#${token}`)
  await other.page.getByText('You are not signed in').waitFor()

  await page.getByRole('link', { name: 'Approvals' }).click()
  await page.getByText('The <b>shop</b>').waitFor()
  const second = await scene.project.json('keys', 'request', 'acme', '--name', 'laptop')
  await page.getByRole('row', { name: /laptop/ }).waitFor()
  await page.keyboard.press('a')
  await page.getByRole('row', { name: /window/ }).waitFor({ state: 'detached' })
  expect(await scene.project.json('keys', 'show', wanted.id)).toMatchObject({ state: 'approved' })
  const [{ secret }] = [await scene.project.json('keys', 'reveal', wanted.id)].flat()
  expect(await scene.call(secret, ['/v1/search'])).toEqual([200])
  expect(await scene.project.json('keys', 'show', wanted.id)).toMatchObject({ state: 'active' })

  await page.keyboard.press('r')
  await page.getByRole('dialog').getByLabel('Reason').fill('Use the one you have')
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click()
  await page.getByText('Nobody waits').waitFor()
  expect(await scene.project.json('keys', 'show', second.id)).toMatchObject({
    ...{ state: 'rejected', decision_reason: 'Use the one you have' },
    decided_by: expect.stringMatching(/^operator/),
  })

  await browser.go('/tenants/acme')
  await page.getByRole('button', { name: 'Suspend' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click()
  await page.getByText('Suspended').waitFor()
  await until(
    'its calls are refused',
    async () => (await scene.call(secret, ['/v1/search']))[0] === 403 || undefined,
  )
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
  await page.getByText('Active', { exact: true }).waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Token or link').waitFor()
  expect([...browser.faults, ...other.faults]).toEqual([])
})

test('every page of the operator in both schemes has nothing serious for axe, and fits a phone', async () => {
  const scene = await filledScene(ANN)
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const browser = await signedInOperator(scene, { colorScheme })
    const call = await scene.refusedCall()
    const paths = [
      ...Object.values(OPERATOR_PAGES),
      `/invoices/${await scene.invoice()}`,
      `/usage/calls/${call}`,
    ]
    for (const path of paths) {
      await browser.go(path)
      for (const problem of await browser.axe()) found.push(`${colorScheme} ${path} ${problem}`)
      await browser.page.setViewportSize({ width: 390, height: 844 })
      await expect
        .poll(() => browser.page.evaluate('document.documentElement.scrollWidth'), { message: path })
        .toBeLessThanOrEqual(390)
      await browser.page.setViewportSize({ width: 1280, height: 800 })
    }
    expect(browser.faults).toEqual([])
  }
  expect(found).toEqual([])
})

test('the figures of the operator are those of the command line, and so are the prices that the studio tries', async () => {
  const scene = await filledScene(ANN)
  const browser = await signedInOperator(scene)
  const { page } = browser
  const figure = (name: string) => page.locator(`[data-figure="${name}"]`).textContent()
  const month = new Date().toISOString().slice(0, 7)
  await browser.go(`/usage?month=${month}`)
  const report = await until('all calls are in the ledger', async () => {
    const all = await scene.project.json('usage', 'report', '--month', month, '--by', 'tenant')
    return (await figure('Calls')) === all.total.requests.toLocaleString('en-US') ? all : undefined
  })
  expect([await figure('Billable'), await figure('Units'), await figure('Amount')]).toEqual([
    report.total.billable.toLocaleString('en-US'),
    report.total.usage_units.toLocaleString('en-US'),
    `$${report.total.amount}`,
  ])

  await browser.go(`/studio?plan=pro&month=${month}`)
  await page.getByLabel('Amount').fill('59.00')
  await page.getByLabel('Each, tier 2 of calls').fill('0.25')
  await page.getByRole('button', { name: 'Export as YAML' }).click()
  const plans = (await page.locator('[data-yaml]').textContent()) ?? ''
  await page.keyboard.press('Escape')
  const file = readFileSync(scene.project.path('gatez.yaml'), 'utf8')
  scene.writeFile(
    'next.yaml',
    file.replace(/^plans:\n(?:[ #].*\n|\n)*/m, () => plans),
  )
  const simulated = await scene.project.json('pricing', 'simulate', '--plans', 'next.yaml', '--month', month)
  expect(simulated.total.after).not.toBe(simulated.total.before)
  await expect
    .poll(() => figure('With these prices'))
    .toBe(`$${Number(simulated.total.after).toLocaleString('en-US', { minimumFractionDigits: 2 })}`)
  expect(await figure('As it is')).toBe(`$${simulated.total.before}`)
  expect(browser.faults).toEqual([])
})
