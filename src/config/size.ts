import type { Parsed } from './parsed.ts'

/** Reads a size, as `500KB`, `10MB` (10⁶ bytes each) or `64KiB` (2¹⁰ each): whole bytes, 1 or more. */
export function parseSize(text: string): Parsed<number> {
  const parts = /^(\d{1,12}) ?([KMG]?i?B)$/i.exec(text.trim())
  const bytes = Number(parts?.[1]) * (UNIT_BYTES[(parts?.[2] ?? '').toUpperCase()] ?? Number.NaN)
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return { value: bytes }
  return { problem: `must be a size such as 10MB or 64KiB, is ${JSON.stringify(text)}` }
}

/** Reads the bound of the spool: a size of 1 MiB or more, below which one busy moment fills it. */
export function parseSpoolMax(text: string): Parsed<number> {
  const size = parseSize(text)
  if (!('value' in size) || size.value >= SPOOL_BYTES_MIN) return size
  return { problem: `must be 1MiB or more, is ${JSON.stringify(text)}` }
}

const SPOOL_BYTES_MIN = 1024 ** 2

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
}
