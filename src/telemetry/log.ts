import { destination, pino } from 'pino'

/** Structured log of one process: JSON lines on stderr. Never holds a key. */
export interface Log {
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

export type LogFields = Readonly<Record<string, unknown>>

/** What a key of ours looks like: cut out wherever it turns up, whoever wrote it there. */
const SECRET = /gz_(live|test)_[0-9A-Za-z]{38}/g

/** A log that writes each line before the call returns, so that a crash loses none. */
export function openLog(): Log {
  const stream = destination({ dest: 2, sync: true })
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => stream.write(line.replace(SECRET, 'gz_$1_[redacted]')) },
  )
}

/** What the log keeps of anything thrown. */
export function describeError(thrown: unknown): LogFields {
  if (!(thrown instanceof Error)) return { error: String(thrown) }
  const cause = thrown.cause instanceof Error ? thrown.cause.message : undefined
  return { error: thrown.message, stack: thrown.stack, cause }
}
