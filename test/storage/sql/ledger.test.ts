import { ManualClock } from '../../../src/lib/clock.ts'
import { openSqlControlStore } from '../../../src/storage/sql/control-store.ts'
import { sqliteEngine } from '../../../src/storage/sql/sqlite-engine.ts'
import { openSqliteFile } from '../../../src/storage/sql/sqlite-file.ts'
import { ledgerContract } from '../../contract/ledger.ts'

ledgerContract({
  name: 'sqlite',
  open: () => openSqlControlStore(sqliteEngine(openSqliteFile(':memory:')), new ManualClock(0)),
})
