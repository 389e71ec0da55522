import type { BrowserContextOptions } from 'playwright-core'
import { TestBrowser } from './browser.ts'
import type { PortalScene } from './portal-scene.ts'

/** Every page of the operator behind the sign-in, by the name of its picture. */
export const OPERATOR_PAGES = {
  overview: '/',
  approvals: '/approvals',
  tenants: '/tenants',
  tenant: '/tenants/acme',
  usage: '/usage',
  revenue: '/revenue',
  invoices: '/invoices',
  dunning: '/dunning',
  plans: '/plans',
  studio: '/studio?plan=pro',
  refusals: '/refusals',
  proof: '/proof',
  health: '/health',
  audit: '/audit',
} as const

/** A browser on the pages of the operator, where nobody is in yet. */
export function operatorBrowser(
  scene: PortalScene,
  options: BrowserContextOptions = {},
): Promise<TestBrowser> {
  return TestBrowser.open(scene.origin, options, '/operator')
}

/** What stands behind the # of a link of `gatez tokens link`. */
export async function linkToken(scene: PortalScene): Promise<string> {
  const { url } = await scene.project.json('tokens', 'link')
  return new URL(url).hash.slice(1)
}

/** A browser where the operator came in by a link. */
export async function signedInOperator(
  scene: PortalScene,
  options: BrowserContextOptions = {},
): Promise<TestBrowser> {
  const browser = await operatorBrowser(scene, options)
  await browser.go(`#${await linkToken(scene)}`)
  await browser.page.getByRole('heading', { name: 'Overview' }).waitFor()
  return browser
}
