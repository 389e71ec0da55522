import { expect, test } from 'vitest'
import { billYear } from '../support/billing-year.ts'
import { tempDir } from '../support/temp-dir.ts'

// For 10,000 tenants: npm run bench -- year.
test('a year of invoices says the same, to the byte, each time it is made', async () => {
  const one = await billYear(tempDir(), 40)
  const other = await billYear(tempDir(), 40)
  expect(one.invoices).toBe(480)
  expect(other.digest).toBe(one.digest)
}, 30_000)
