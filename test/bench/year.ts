import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { billYear } from '../support/billing-year.ts'

/**
 * npm run bench -- year [tenants] [times]: bills a year of so many tenants, month by month under a moved clock, without
 * PDFs. Twice, and what the invoices say must be the same to the byte.
 */
const TENANTS = Number(process.argv[2] ?? 10_000)
const TIMES = Number(process.argv[3] ?? 2)
const digests = new Set<string>()
for (let time = 1; time <= TIMES; time += 1) {
  const folder = mkdtempSync(join(tmpdir(), 'gatez-year-'))
  try {
    const { ms, invoices, digest } = await billYear(folder, TENANTS)
    digests.add(digest)
    console.log(`${invoices} invoices of ${TENANTS} tenants in ${(ms / 1000).toFixed(1)} s, ${digest}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
console.log(digests.size === 1 ? 'Every time the same, to the byte.' : 'NOT the same each time.')
if (digests.size !== 1) process.exitCode = 1
