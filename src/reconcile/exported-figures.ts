import { Writable } from 'node:stream'
import { exportUsage } from '../billing/export/export-usage.ts'
import { parseCsv } from '../lib/csv.ts'
import type { UsageStream } from '../metering/usage-stream.ts'
import { customMeter, type Figures } from './figures.ts'

/**
 * Writes usage as CSV as `gatez usage export` does, and adds to `figures` what a spreadsheet would read in
 * it, of the meters that are `wanted`.
 */
export async function addExported(
  figures: Figures,
  usage: UsageStream,
  request: ExportedMeters,
): Promise<void> {
  const { meterIds, wanted } = request
  const parts: Buffer[] = []
  const to = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      parts.push(chunk)
      done()
    },
  })
  await exportUsage(usage, { format: 'csv', meterIds, to })
  const { records } = parseCsv(Buffer.concat(parts).toString('utf8'))
  const [head, ...rows] = records.map(({ fields }) => fields)
  const columns = head ?? []
  const lastOfOurs = columns.indexOf('bytes_sent')
  // After the meters stand amount and currency.
  const meterEnd = columns.indexOf('amount')
  for (const fields of rows) {
    // What a spreadsheet could take for a formula has a mark before it.
    const tenantId = (fields[columns.indexOf('tenant_id')] ?? '').replace(/^'/, '')
    for (const [at, column] of columns.entries()) {
      if (at >= meterEnd) continue
      const meter = at > lastOfOurs ? customMeter(column) : METER_OF_COLUMN[column]
      if (meter !== undefined && wanted(meter)) figures.addText(tenantId, meter, fields[at] ?? '0')
    }
  }
}

/** Which meters are read. */
export interface ExportedMeters {
  /** Those that the file declares. */
  readonly meterIds: readonly string[]
  /** By their names among the figures. */
  readonly wanted: (meter: string) => boolean
}

const METER_OF_COLUMN: Readonly<Record<string, string>> = {
  requests: 'requests',
  billable: 'calls',
  refused: 'refused',
  usage_units: 'units',
  bytes_received: 'bytes_in',
  bytes_sent: 'bytes_out',
}
