/** How this portal presents itself, and the nonce that its own styles carry: what the server wrote into the page. */
export interface Brand {
  readonly name: string
  /** `#rrggbb` */
  readonly color: string
}

/** Reads both from the page; a page that no server wrote has the looks of gatez. */
export function readBrand(page: Document): Brand {
  const written = page.querySelector('meta[name="gatez-brand"]')?.getAttribute('content') ?? ''
  try {
    const { name, color } = JSON.parse(written)
    if (typeof name === 'string' && typeof color === 'string') return { name, color }
  } catch {
    // The page comes from the tools one works on it with.
  }
  return { name: 'gatez', color: '#3b5bdb' }
}

/** The nonce of this page; undefined where it has none. */
export function readNonce(page: Document): string | undefined {
  const script = page.querySelector<HTMLElement>('script[nonce], meta[property="csp-nonce"]')
  return script?.nonce || undefined
}
