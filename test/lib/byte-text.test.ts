import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteText } from '../../src/lib/byte-text.ts'

const utf8 = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.nat(9_000).map((length) => 'ü'.repeat(length)),
)
const latin1 = fc.array(fc.nat(255), { maxLength: 40 }).map((codes) => String.fromCharCode(...codes))
const number = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc.constantFrom(0, 9, 10, 999_999_999, 1_000_000_000, 1_000_000_001, Number.MAX_SAFE_INTEGER),
  fc.double(),
  fc.integer(),
)

/** A piece that is added, and what it is in bytes. */
interface Piece {
  readonly bytes: Buffer
  readonly addTo: (text: ByteText) => void
}

const piece: fc.Arbitrary<Piece> = fc.oneof(
  utf8.map((text) => ({ bytes: Buffer.from(text), addTo: (to: ByteText) => to.text(text) })),
  latin1.map((text) => ({ bytes: Buffer.from(text, 'latin1'), addTo: (to: ByteText) => to.latin1(text) })),
  number.map((value) => ({ bytes: Buffer.from(String(value)), addTo: (to: ByteText) => to.number(value) })),
  fc.nat(255).map((value) => ({ bytes: Buffer.from([value]), addTo: (to: ByteText) => to.byte(value) })),
  fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => ({ bytes: Buffer.from(bytes), addTo: (to: ByteText) => to.bytes(bytes) })),
)

test('it is the bytes of its pieces, one behind the other, however little room there was', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(piece, { maxLength: 20 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 64 }),
      fc.boolean(),
      (texts, room, isTaken) => {
        const text = new ByteText(room)
        for (const pieces of texts) {
          text.clear()
          for (const { addTo } of pieces) addTo(text)
          const all = Buffer.concat(pieces.map(({ bytes }) => bytes))
          expect(isTaken ? Buffer.from(text.take()) : text.view).toEqual(all)
        }
      },
    ),
  )
})

test('who keeps what it showed keeps it as it was, once it went on in other memory', () => {
  const text = new ByteText(16)
  text.latin1('kept')
  const kept = text.view
  text.leave()
  text.latin1('another')
  expect(kept.toString()).toBe('kept')
  expect(text.view.toString()).toBe('another')
})

test('memory that one large text took is not kept', () => {
  const text = new ByteText(16)
  text.latin1('x'.repeat(16 * 16 + 1))
  text.clear()
  expect(text.view.buffer.byteLength).toBe(16)
})
