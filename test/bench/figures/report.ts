import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/lib/clock.ts'
import { usageReport } from '../../../src/metering/usage-report.ts'
import { openControlStore } from '../../../src/storage/open.ts'
import { storesIn } from '../../support/control-store.ts'
import { below, keep, tableOf, told } from '../lib/baseline.ts'
import { fillLedger, MONTH } from '../lib/month-of-events.ts'
import { median } from '../lib/wrk.ts'

/** How long the report of a month by tenant takes, from a ledger in SQLite. `[events]` */
export async function report([events = '10000000']: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
  try {
    const config = storesIn(folder)
    await using store = await openControlStore(config, systemClock)
    const rollups = await fillLedger(store, Number(events))
    const times: number[] = []
    for (let time = 0; time < 3; time += 1) {
      const startMs = systemClock.monotonicMs()
      const query = { span: MONTH, timezone: 'UTC', by: ['tenant'], tenant: undefined } as const
      const { total } = await usageReport(store, query)
      times.push((systemClock.monotonicMs() - startMs) / 1_000)
      if (total.requests !== Number(events)) throw new Error(`the report has ${total.requests} requests`)
    }
    const megabytes = `${(statSync(config.stores.control.path).size / 1e6).toFixed(0)} MB`
    const count = (value: number) => value.toLocaleString('en-US')
    keep(
      'report',
      `${count(Number(events))} events of 1,000 tenants × 3 keys × 50 routes`,
      tableOf([
        below('report of the month by tenant, SQLite', median(times), {
          must: 5,
          aim: 1,
          unit: ' s',
          digits: 1,
        }),
        told('rollups it is added up from · ledger on disk', `${count(rollups)} · ${megabytes}`),
      ]),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
