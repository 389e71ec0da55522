import type { TestBrowser } from './browser.ts'
import { PASSWORD } from './portal-scene.ts'

/** Every page behind the sign-in, by the name of its picture. */
export const PAGES = {
  overview: '/',
  apis: '/apis',
  reference: '/reference/dataforge',
  keys: '/keys',
  usage: '/usage',
  plan: '/plan',
  invoices: '/invoices',
  'next-invoice': '/invoices/next',
  members: '/members',
  audit: '/audit',
  settings: '/settings',
} as const

/** The pages before it. */
export const ENTRIES = { 'sign-in': '/', 'sign-up': '/sign-up', forgot: '/forgot', link: '/link#x' } as const

/** Signs in on whatever page shows the way in. */
export async function signIn(browser: TestBrowser, email: string): Promise<void> {
  const { page } = browser
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').first().fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('navigation', { name: 'Pages' }).waitFor({ state: 'attached' })
  await browser.settled()
}
