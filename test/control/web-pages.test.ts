import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { webDir } from '../../src/lib/bundle.ts'
import { startControl } from '../support/control.ts'

const SHELL_BYTES_MAX = 300 * 1024

beforeAll(() => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../bin/web.js'), 'build'])
}, 120_000)

/** What a page loads before anything else: the files its HTML names, and those they import at once. */
function shellFiles(name: string): readonly string[] {
  const folder = join(webDir(), name)
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  const found = [...page.matchAll(/(?:src|href)="\/\w+\/(assets\/[^"]+)"/g)].map((match) => match[1]!)
  for (const file of found) {
    if (!file.endsWith('.js')) continue
    const text = readFileSync(join(folder, file), 'utf8')
    for (const [, next] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+)["']/g))
      if (!found.includes(`assets/${next}`)) found.push(`assets/${next}`)
  }
  return found.map((file) => join(folder, file))
}

test.each(['portal', 'operator'])('the shell of /%s is at most 300 KB, packed', (name) => {
  const bytes = shellFiles(name).reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0)
  expect(bytes).toBeGreaterThan(50_000)
  expect(bytes).toBeLessThanOrEqual(SHELL_BYTES_MAX)
})

test.each(['portal', 'operator'])('/%s runs no script and no style but its own', async (name) => {
  const { ask } = await startControl()
  const first = await ask('GET', `/${name}/`)
  const second = await ask('GET', `/${name}/keys/some`)
  expect([first.status, second.status]).toEqual([200, 200])
  const policy = first.headers.get('content-security-policy')!
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|\*|https?:/)
  const [, nonce] = /'nonce-([\w-]+)'/.exec(policy)!
  expect(second.headers.get('content-security-policy')).not.toContain(nonce)
  const scripts = [...first.text.matchAll(/<script[^>]*>/g)].map(([tag]) => tag)
  expect(scripts.length).toBeGreaterThan(0)
  for (const tag of scripts) expect(tag).toMatch(new RegExp(`src="/${name}/assets/[^"]+".*nonce="${nonce}"`))
  expect(first.headers.get('cache-control')).toBe('no-store')
})

test('files with a hash in their name are kept for ever, packed where the browser can unpack', async () => {
  const { ask } = await startControl()
  const page = await ask('GET', '/portal/')
  const [, path] = /src="([^"]+\.js)"/.exec(page.text)!
  const plain = await ask('GET', path!)
  expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(plain.headers.get('content-type')).toContain('text/javascript')
  const packed = await ask('GET', path!, { headers: { 'accept-encoding': 'gzip' } })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect((await ask('GET', '/portal/assets/none.js')).status).toBe(404)
})

test.each([
  '/portal/assets/..%2f..%2f..%2fpackage.json',
  '/portal/assets/%2e%2e/%2e%2e/package.json',
  '/portal/assets/',
  '/portal/assets/..',
])('%s leads out of the pages to nothing', async (path) => {
  const { ask } = await startControl()
  const answer = await ask('GET', path)
  expect(answer.text).not.toContain('devDependencies')
})

describe('the brand', () => {
  test('stands in the page as data, whatever it is called', async () => {
    const name = `A"><script>alert(1)</script> & 'Co'`
    const { ask } = await startControl({ portal: { brand: { name, color: '#0b7285' } } })
    const { text } = await ask('GET', '/portal/')
    expect(text).not.toContain('<script>alert')
    const [, content] = /<meta name="gatez-brand" content="([^"]*)"/.exec(text)!
    const written = content!.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
    expect(JSON.parse(written)).toMatchObject({ name, color: '#0b7285' })
  })

  test('has a logo of gatez until the file names another', async () => {
    const { ask } = await startControl()
    const logo = await ask('GET', '/portal/logo')
    expect(logo.headers.get('content-type')).toBe('image/svg+xml')
    expect(logo.text).toContain('<svg')
    const etag = logo.headers.get('etag')!
    expect((await ask('GET', '/portal/logo', { headers: { 'if-none-match': etag } })).status).toBe(304)
  })
})

test('the listener of the portal has no page for operators', async () => {
  const { parts } = await startControl()
  const { controlApp } = await import('../../src/control/control-app.ts')
  const portal = controlApp(parts, { isPortal: true, host: '127.0.0.1' })
  expect((await portal.request('http://127.0.0.1/operator/')).status).toBe(404)
  expect((await portal.request('http://127.0.0.1/portal/')).status).toBe(200)
  expect((await portal.request('http://127.0.0.1/')).headers.get('location')).toBe('/portal/')
})

test('no file of the pages names another host to load from', () => {
  const folder = join(webDir(), 'portal/assets')
  const css = readdirSync(folder).filter((file) => file.endsWith('.css'))
  for (const file of css)
    expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(/url\(["']?(?:https?:)?\/\//)
})
