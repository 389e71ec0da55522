import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { webDir } from '../lib/bundle.ts'
import type { ControlApp } from './control-app.ts'
import type { ControlParts } from './control-parts.ts'
import type { ControlPlace } from './control-place.ts'

type Request_ = Context<{ Bindings: Partial<HttpBindings> }>

/** What stands in the built page for the nonce of the answer, and for what the file says of the brand. */
const NONCE = 'gatez-nonce'
const BRAND = 'content="gatez-brand"'

/**
 * Serves the pages of the portals: `/portal` everywhere, `/operator` on the listener of control only.
 *
 * A page may load and ask for what is served here and nothing else; no script and no style runs that is not of
 * its files, or marked with the nonce of this one answer. Files with a hash in their name are kept for ever, the
 * page itself never. Every path below that is no file is the page: it knows its own routes.
 */
export function offerPages(app: ControlApp, parts: ControlParts, place: ControlPlace): void {
  const names = place.isPortal ? ['portal'] : ['portal', 'operator']
  if (place.isPortal) app.get('/', (context) => context.redirect('/portal/'))
  for (const name of names) {
    const files = new WebFiles(join(webDir(), name))
    app.get(`/${name}`, (context) => context.redirect(`/${name}/`))
    app.get(`/${name}/logo`, (context) => logoAnswer(parts, context))
    app.get(`/${name}/assets/*`, async (context) => {
      const path = context.req.path.slice(name.length + 2)
      const file = files.get(path)
      if (file === undefined) return context.text('There is no such file.', 404)
      return fileAnswer(context, file, 'public, max-age=31536000, immutable')
    })
    app.get(`/${name}/*`, (context) => pageAnswer(parts, files, context))
  }
}

/** The files of one portal, each read once and packed once. */
class WebFiles {
  readonly #folder: string
  readonly #files = new Map<string, WebFile | undefined>()

  constructor(folder: string) {
    this.#folder = folder
  }

  get(path: string): WebFile | undefined {
    if (!this.#files.has(path)) this.#files.set(path, this.#read(path))
    return this.#files.get(path)
  }

  #read(path: string): WebFile | undefined {
    // Only what the folder lists is ever opened, so no path leads out of it.
    const [folder = '', name = ''] = path.includes('/') ? path.split('/') : ['', path]
    try {
      const there = readdirSync(join(this.#folder, folder))
      const full = join(this.#folder, folder, name)
      if (!there.includes(name) || !statSync(full).isFile()) return undefined
      return new WebFile(name, readFileSync(full))
    } catch {
      return undefined
    }
  }
}

/** One file, as it is and packed. */
class WebFile {
  readonly type: string
  readonly bytes: Buffer
  #packed: Promise<Buffer> | undefined

  constructor(name: string, bytes: Buffer) {
    this.type = TYPES[extname(name)] ?? 'application/octet-stream'
    this.bytes = bytes
  }

  get isText(): boolean {
    return /text|javascript|json|svg/.test(this.type)
  }

  packed(): Promise<Buffer> {
    this.#packed ??= promisify(gzip)(this.bytes, { level: 9 })
    return this.#packed
  }
}

async function fileAnswer(context: Request_, file: WebFile, cacheControl: string): Promise<Response> {
  context.header('content-type', file.type)
  context.header('cache-control', cacheControl)
  context.header('cross-origin-resource-policy', 'same-origin')
  if (!file.isText) return context.newResponse(new Uint8Array(file.bytes))
  context.header('vary', 'accept-encoding')
  if (!/\bgzip\b/.test(context.req.header('accept-encoding') ?? ''))
    return context.newResponse(new Uint8Array(file.bytes))
  context.header('content-encoding', 'gzip')
  return context.newResponse(new Uint8Array(await file.packed()))
}

function pageAnswer(parts: ControlParts, files: WebFiles, context: Request_): Response {
  const page = files.get('index.html')
  if (page === undefined) {
    return context.text('The pages are not built here: npm run build makes them.\n', 503)
  }
  const nonce = randomBytes(18).toString('base64url')
  const { name, color, logo } = parts.config().portal.brand
  const brand = escaped(JSON.stringify({ name, color, logo: logo !== null }))
  const text = page.bytes
    .toString()
    .replaceAll(NONCE, nonce)
    .replace(BRAND, () => `content="${brand}"`)
    .replace('<title>gatez</title>', () => `<title>${escaped(name)}</title>`)
  context.header('content-type', 'text/html; charset=utf-8')
  context.header('content-security-policy', policyOf(nonce))
  context.header('cross-origin-opener-policy', 'same-origin')
  context.header('permissions-policy', 'camera=(), geolocation=(), microphone=()')
  return context.newResponse(text)
}

function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function logoAnswer(parts: ControlParts, context: Request_): Response {
  const { logo } = parts.config().portal.brand
  const bytes = logo?.bytes ?? new TextEncoder().encode(OUR_LOGO)
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`
  context.header('etag', etag)
  context.header('cache-control', 'no-cache')
  if (context.req.header('if-none-match') === etag) return context.newResponse(null, 304)
  context.header('content-type', logo?.type ?? 'image/svg+xml')
  return context.newResponse(new Uint8Array(bytes))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}

/** A gate with a bar across it. */
const OUR_LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#3b5bdb"/><path d="M9 24V8m14 16V8M6 14l20 5" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}
