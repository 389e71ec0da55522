import { readFileSync, statSync } from 'node:fs'
import type { Parsed } from './parsed.ts'

const LOGO_BYTES_MAX = 256 * 1024
const TYPES: Readonly<Record<string, string>> = { '.svg': 'image/svg+xml', '.png': 'image/png' }

/** How the portals present themselves. */
export interface Brand {
  readonly name: string
  /** `#rrggbb`, lower case. */
  readonly color: string
  /** null = that of gatez. */
  readonly logo: Logo | null
}

export interface Logo {
  readonly type: string
  readonly bytes: Uint8Array
}

/** Reads a colour. */
export function parseColor(written: string): Parsed<string> {
  if (/^#[0-9a-f]{6}$/i.test(written)) return { value: written.toLowerCase() }
  return { problem: `must be a colour as "#0b7285", is ${JSON.stringify(written.slice(0, 40))}` }
}

/** Reads the path of a picture by its ending. */
export function parseLogo(written: string): Parsed<string> {
  if (typeOf(written) !== undefined) return { value: written }
  return { problem: `must name an .svg or .png file, is ${JSON.stringify(written.slice(0, 100))}` }
}

/** What is wrong with the file of a logo; undefined when it can be shown. */
export function logoProblem(path: string): string | undefined {
  try {
    const { size } = statSync(path)
    return size > LOGO_BYTES_MAX ? `is ${size} bytes; at most ${LOGO_BYTES_MAX} are shown` : undefined
  } catch {
    return 'does not exist (paths are relative to the folder of this file)'
  }
}

/** The picture itself: a reload finds a new one, and threads need not read files. */
export function readLogo(path: string): Logo {
  return { type: typeOf(path) ?? 'image/png', bytes: new Uint8Array(readFileSync(path)) }
}

function typeOf(path: string): string | undefined {
  return TYPES[path.slice(path.lastIndexOf('.')).toLowerCase()]
}
