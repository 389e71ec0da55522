import { ManualClock } from '../../../src/lib/clock.ts'
import { openSqlControlStore } from '../../../src/storage/sql/control-store.ts'
import { sqliteEngine } from '../../../src/storage/sql/sqlite-engine.ts'
import { openSqliteFile } from '../../../src/storage/sql/sqlite-file.ts'
import { type LedgerDriver, ledgerContract } from '../../contract/ledger.ts'
import { ledgerMarksContract } from '../../contract/ledger-marks.ts'
import { ledgerReadingContract } from '../../contract/ledger-reading.ts'
import { ledgerSealsContract } from '../../contract/ledger-seals.ts'

const driver: LedgerDriver = {
  name: 'sqlite',
  open: () => openSqlControlStore(sqliteEngine(openSqliteFile(':memory:')), new ManualClock(0)),
}

ledgerContract(driver)
ledgerReadingContract(driver)
ledgerSealsContract(driver)
ledgerMarksContract(driver)
