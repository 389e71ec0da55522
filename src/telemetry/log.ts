import { destination, pino } from 'pino'
import { withoutSecrets } from '../model/key.ts'
import { redactor } from './redact.ts'

/** Structured log of one process: JSON lines on stderr. Never holds a key. */
export interface Log {
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

export type LogFields = Readonly<Record<string, unknown>>

/**
 * A log that writes each line before the call returns, so that a crash loses none.
 *
 * Secrets are cut out: by the names of fields, by what looks like one, and `known` ones, as those of the
 * configuration, wherever they stand. `write` takes the place of stderr.
 */
export function openLog(known: readonly string[] = [], write?: (line: string) => void): Log {
  const stream = write === undefined ? destination({ dest: 2, sync: true }) : { write }
  const redact = redactor(known)
  const log = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => void stream.write(withoutSecrets(line)) },
  )
  return {
    info: (fields, message) => log.info(redact(fields), String(redact(message))),
    warn: (fields, message) => log.warn(redact(fields), String(redact(message))),
    error: (fields, message) => log.error(redact(fields), String(redact(message))),
  }
}

/** What the log keeps of anything thrown. */
export function describeError(thrown: unknown): LogFields {
  if (!(thrown instanceof Error)) return { error: String(thrown) }
  const cause = thrown.cause instanceof Error ? thrown.cause.message : undefined
  return { error: thrown.message, stack: thrown.stack, cause }
}
