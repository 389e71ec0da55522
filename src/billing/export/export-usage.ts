import type { Writable } from 'node:stream'
import type { UsageReport } from '../../metering/usage-report.ts'
import { type ExportFormat, writeUsageRows } from './usage-rows.ts'
import { writeWholeFile } from './whole-file.ts'

/**
 * Writes the rows of a report to a file, which is there whole or not at all, or to an open stream.
 *
 * A stream whose reader has seen enough (`| head`) ends the export without an error.
 */
export async function exportUsage(report: UsageReport, request: ExportRequest): Promise<void> {
  const { to } = request
  if (to === null) return
  if (typeof to === 'string') return writeWholeFile(to, (sink) => writeUsageRows(sink, report, request))
  try {
    await writeUsageRows(to, report, request)
  } catch (error) {
    if (!isBrokenPipe(error)) throw error
  }
}

export interface ExportRequest {
  readonly format: ExportFormat
  /** The custom meters that the file declares. */
  readonly meterIds: readonly string[]
  /** Path of a file, or a stream, which is left open; null writes nothing. */
  readonly to: string | Writable | null
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}
