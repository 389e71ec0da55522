import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { OPERATOR_PAGES, signedInOperator } from '../support/operator-pages.ts'
import { ENTRIES, PAGES, signIn } from '../support/portal-pages.ts'
import { filledScene } from '../support/portal-past.ts'

const FOLDER = join(import.meta.dirname, '../../docs/images')
const ANN = 'ann@acme.example'

/** Every page as light, dark and on a phone. */
const LOOKS = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
} as const

test('every page is in docs/images', async () => {
  mkdirSync(FOLDER, { recursive: true })
  const scene = await filledScene(ANN)
  for (const [look, options] of Object.entries(LOOKS)) {
    const browser = await TestBrowser.open(scene.origin, options)
    const { page } = browser
    const shoot = async (name: string, path: string) => {
      await browser.go(path)
      await page.waitForLoadState('networkidle').catch(() => {})
      await page.screenshot({ path: join(FOLDER, `${name}-${look}.png`), animations: 'disabled' })
    }
    for (const [name, path] of Object.entries(ENTRIES)) if (look === 'light') await shoot(name, path)
    await browser.go('/')
    await signIn(browser, ANN)
    for (const [name, path] of Object.entries(PAGES)) await shoot(name, path)
    await shoot('invoice', `/invoices/${await scene.invoice()}`)
    await shoot('call', `/usage/calls/${await scene.refusedCall()}`)
    await browser.go('/plan')
    await page.getByRole('button', { name: 'See what changes' }).first().click()
    await page.getByRole('dialog').getByText('As it is').waitFor()
    await page.screenshot({ path: join(FOLDER, `plan-change-${look}.png`), animations: 'disabled' })
  }
})

test('every page of the operator is in docs/images', async () => {
  mkdirSync(FOLDER, { recursive: true })
  const scene = await filledScene(ANN)
  const call = `/usage/calls/${await scene.refusedCall()}`
  const invoice = `/invoices/${await scene.invoice()}`
  for (const [look, options] of Object.entries(LOOKS)) {
    const browser = await signedInOperator(scene, options)
    await scene.call(scene.secret, ['/v1/search', '/v1/lookup/3', '/v1/search'])
    for (const [name, path] of Object.entries({ ...OPERATOR_PAGES, call, invoice })) {
      await browser.go(path)
      await browser.page.waitForLoadState('networkidle').catch(() => {})
      const file = join(FOLDER, `operator-${name}-${look}.png`)
      await browser.page.screenshot({ path: file, animations: 'disabled' })
    }
  }
})
