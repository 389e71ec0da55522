import { expect, test } from 'vitest'
import { humanBytes } from '../../src/cli/human-bytes.ts'

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1_572_864, '1.5 MiB'],
  [5 * 1024 ** 4, '5.0 TiB'],
])('%i bytes read as %s', (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text)
})
