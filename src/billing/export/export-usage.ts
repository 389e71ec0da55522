import type { Writable } from 'node:stream'
import type { UsageStream } from '../../metering/usage-stream.ts'
import { type ExportFormat, writeUsageRows } from './usage-rows.ts'
import { writeWholeFile } from './whole-file.ts'

/**
 * Writes rows of usage to a file, which is there whole or not at all, or to an open stream. Returns how many.
 *
 * A stream whose reader has seen enough (`| head`) ends the export without an error.
 */
export async function exportUsage(usage: UsageStream, request: ExportRequest): Promise<number> {
  const { to } = request
  let rows = 0
  if (to === null) return rows
  const write = async (sink: Writable) => {
    rows = await writeUsageRows(sink, usage, request)
  }
  if (typeof to === 'string') await writeWholeFile(to, write, { isCommand: true })
  else {
    await write(to).catch((error: unknown) => {
      if (!isBrokenPipe(error)) throw error
    })
  }
  return rows
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
