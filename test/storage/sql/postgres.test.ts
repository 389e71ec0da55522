import { onTestFinished } from 'vitest'
import type { Clock } from '../../../src/lib/clock.ts'
import { ManualClock } from '../../../src/lib/clock.ts'
import type { ControlStore } from '../../../src/storage/ports/control-store.ts'
import { openSqlControlStore } from '../../../src/storage/sql/control-store.ts'
import { postgresEngine } from '../../../src/storage/sql/postgres-engine.ts'
import { type ControlStoreDriver, controlStoreContract } from '../../contract/control-store.ts'
import { keptAnswersContract } from '../../contract/kept-answers.ts'
import { type LedgerDriver, ledgerContract } from '../../contract/ledger.ts'
import { ledgerMarksContract } from '../../contract/ledger-marks.ts'
import { ledgerReadingContract } from '../../contract/ledger-reading.ts'
import { ledgerSealsContract } from '../../contract/ledger-seals.ts'
import { startPostgres } from '../../support/services/postgres.ts'

const postgres = await startPostgres()

const stores: ControlStoreDriver = {
  name: 'postgres',
  open: async (clock) => {
    const url = await postgres.database()
    return { store: await openFor(url, clock), openAgain: () => openFor(url, clock) }
  },
}

controlStoreContract(stores)
keptAnswersContract(stores)

const driver: LedgerDriver = {
  name: 'postgres',
  open: async () => openStore(await postgres.database(), new ManualClock(0)),
}

ledgerContract(driver)
ledgerReadingContract(driver)
ledgerSealsContract(driver)
ledgerMarksContract(driver)

function openStore(url: string, clock: Clock): Promise<ControlStore> {
  return openSqlControlStore(postgresEngine(url, { connectionsMax: 4, name: 'test' }), clock)
}

async function openFor(url: string, clock: Clock): Promise<ControlStore> {
  const store = await openStore(url, clock)
  onTestFinished(() => store[Symbol.asyncDispose]())
  return store
}
