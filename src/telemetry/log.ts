import { destination, pino } from 'pino'
import { withoutSecrets } from '../model/key.ts'

/** Structured log of one process: JSON lines on stderr. Never holds a key. */
export interface Log {
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

export type LogFields = Readonly<Record<string, unknown>>

/** A log that writes each line before the call returns, so that a crash loses none. Keys are cut out. */
export function openLog(): Log {
  const stream = destination({ dest: 2, sync: true })
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => stream.write(withoutSecrets(line)) },
  )
}

/** What the log keeps of anything thrown. */
export function describeError(thrown: unknown): LogFields {
  if (!(thrown instanceof Error)) return { error: String(thrown) }
  const cause = thrown.cause instanceof Error ? thrown.cause.message : undefined
  return { error: thrown.message, stack: thrown.stack, cause }
}
