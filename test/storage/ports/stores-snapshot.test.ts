import { expect, test } from 'vitest'
import { gapAt } from '../../../src/storage/ports/stores-snapshot.ts'

test.each([
  { ledger: 10, usageLog: 10, spoolFirst: null, spoolLast: null, why: 'all is shipped' },
  { ledger: 10, usageLog: 10, spoolFirst: 11, spoolLast: 20, why: 'the rest is in the spool' },
  { ledger: 10, usageLog: 10, spoolFirst: 5, spoolLast: 20, why: 'shipped batches are not dropped yet' },
  { ledger: 10, usageLog: 5, spoolFirst: 6, spoolLast: 10, why: 'the spool has what one store lacks' },
  { ledger: 0, usageLog: 0, spoolFirst: 1, spoolLast: 3, why: 'nothing was shipped yet' },
])('no event is missing when $why', ({ why: _, ...place }) => {
  expect(gapAt({ epoch: 1, ...place })).toBeUndefined()
})

test.each([
  { ledger: 10, usageLog: 5, spoolFirst: null, spoolLast: null, says: /usage log ends at event 5/ },
  { ledger: 5, usageLog: 10, spoolFirst: 4, spoolLast: 9, says: /ledger ends at event 5/ },
  { ledger: 5, usageLog: 5, spoolFirst: 8, spoolLast: 9, says: /spool begins at event 8/ },
  { ledger: 10, usageLog: 5, spoolFirst: 8, spoolLast: 12, says: /spool begins at event 8/ },
])('ledger $ledger, usage log $usageLog, spool $spoolFirst–$spoolLast: $says', ({ says, ...place }) => {
  expect(gapAt({ epoch: 3, ...place })).toMatch(says)
})
