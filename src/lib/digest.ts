import { createHash, hash } from 'node:crypto'
import { assert } from './assert.ts'

/** 64 bits that stand for a text: two whole numbers below 2^32. */
export interface Digest {
  readonly high: number
  readonly low: number
}

/** The first 64 bits of the text's SHA-256. */
export function digestOf(text: string): Digest {
  const hex = hash('sha256', text)
  return { high: Number.parseInt(hex.slice(0, 8), 16), low: Number.parseInt(hex.slice(8, 16), 16) }
}

/** A digest of a short text that nobody could want to forge: for ids of ours, at a fraction of the cost. */
export function quickDigestOf(text: string): Digest {
  let high = 0x9dc5811c
  let low = 0x2545f491
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index)
    high = Math.imul(high ^ char, 0x01000193)
    low = Math.imul(low ^ char ^ (high >>> 15), 0x85ebca6b)
  }
  return { high: mixed(high ^ (low >>> 16)), low: mixed(low ^ (high >>> 13)) }
}

function mixed(bits: number): number {
  const once = Math.imul(bits ^ (bits >>> 16), 0x7feb352d)
  const twice = Math.imul(once ^ (once >>> 15), 0x846ca68b)
  return (twice ^ (twice >>> 16)) >>> 0
}

/** The digest of a text in two parts, of which the second may be bytes already, as 16 hex digits. */
export function digestText(first: string, second: string | Uint8Array): string {
  return createHash('sha256').update(first).update(second).digest('hex').slice(0, 16)
}

/**
 * What many digests come to, whatever their order: their XOR, and their sum without carry from half to half.
 *
 * Two, because an XOR does not see what is there twice, and because both together tell which one of many
 * was changed (`wasChanged`).
 */
export class DigestSum {
  #xorHigh = 0
  #xorLow = 0
  #sumHigh = 0
  #sumLow = 0

  /** Reads what `text` wrote; empty for nothing. Of what it did not write comes what no digests come to. */
  static parse(text: string): DigestSum {
    const sum = new DigestSum()
    if (text === '') return sum
    if (!WRITTEN.test(text)) {
      sum.add(digestOf(text))
      return sum
    }
    const [xorHigh, xorLow, sumHigh, sumLow] = [0, 8, 16, 24].map((at) => {
      return Number.parseInt(text.slice(at, at + 8), 16) >>> 0
    })
    sum.#xorHigh = xorHigh ?? 0
    sum.#xorLow = xorLow ?? 0
    sum.#sumHigh = sumHigh ?? 0
    sum.#sumLow = sumLow ?? 0
    return sum
  }

  add({ high, low }: Digest): void {
    this.#xorHigh = (this.#xorHigh ^ high) >>> 0
    this.#xorLow = (this.#xorLow ^ low) >>> 0
    this.#sumHigh = (this.#sumHigh + high) >>> 0
    this.#sumLow = (this.#sumLow + low) >>> 0
  }

  /** Takes out a digest that was added. */
  remove({ high, low }: Digest): void {
    this.#xorHigh = (this.#xorHigh ^ high) >>> 0
    this.#xorLow = (this.#xorLow ^ low) >>> 0
    this.#sumHigh = (this.#sumHigh - high) >>> 0
    this.#sumLow = (this.#sumLow - low) >>> 0
  }

  /** Adds all that `other` holds. */
  addAll(other: DigestSum): void {
    this.#xorHigh = (this.#xorHigh ^ other.#xorHigh) >>> 0
    this.#xorLow = (this.#xorLow ^ other.#xorLow) >>> 0
    this.#sumHigh = (this.#sumHigh + other.#sumHigh) >>> 0
    this.#sumLow = (this.#sumLow + other.#sumLow) >>> 0
  }

  /** 32 hex digits: equal for equal sums only. */
  get text(): string {
    return [this.#xorHigh, this.#xorLow, this.#sumHigh, this.#sumLow].map(hex).join('')
  }

  /**
   * Whether one digest of `expected` having become `digest` explains all that differs from this sum.
   *
   * If x became y, the XORs differ by x ^ y and the sums by x - y: for a y that is given, only one x
   * solves the first, and hardly ever the second as well.
   */
  wasChanged(digest: Digest, expected: DigestSum): boolean {
    const [xorHigh, xorLow] = [this.#xorHigh ^ expected.#xorHigh, this.#xorLow ^ expected.#xorLow]
    if (xorHigh === 0 && xorLow === 0) return false
    const [high, low] = [(digest.high ^ xorHigh) >>> 0, (digest.low ^ xorLow) >>> 0]
    return (
      (high - digest.high) >>> 0 === (expected.#sumHigh - this.#sumHigh) >>> 0 &&
      (low - digest.low) >>> 0 === (expected.#sumLow - this.#sumLow) >>> 0
    )
  }

  /** The one digest this sum holds beside those of `expected`, if it is one. */
  beside(expected: DigestSum): Digest | undefined {
    const high = (this.#xorHigh ^ expected.#xorHigh) >>> 0
    const low = (this.#xorLow ^ expected.#xorLow) >>> 0
    const isOne =
      (this.#sumHigh - expected.#sumHigh) >>> 0 === high && (this.#sumLow - expected.#sumLow) >>> 0 === low
    return isOne && (high !== 0 || low !== 0) ? { high, low } : undefined
  }
}

const WRITTEN = /^[0-9a-f]{32}$/

function hex(value: number): string {
  assert(value >= 0 && value < 2 ** 32, 'a half of a digest has 32 bits')
  return value.toString(16).padStart(8, '0')
}
