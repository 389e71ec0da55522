import { destination } from 'pino'
import type { AccessLogPlace } from '../config/telemetry-config.ts'
import { isoTime } from '../lib/iso-time.ts'
import { maskSecret, withoutSecrets } from '../model/key.ts'

/** What may wait for the disk, in bytes; lines that come when there is more are dropped, and told. */
const WAITING_MAX = 16 * 1024 * 1024
/** Lines are written so many bytes at a time, or once a second. */
const WRITE_BYTES = 4_096
const FLUSH_MS = 1_000

/**
 * One line of JSON for each call, in standard error or a file of mode 0600.
 *
 * No call waits for it. A key is masked, wherever in the line it stands. What is billed is never read from
 * here: lines are dropped when the disk does not keep up.
 */
export class AccessLog {
  readonly #place: AccessLogPlace
  readonly #stream: ReturnType<typeof destination>
  readonly #flushing: NodeJS.Timeout
  #dropped = 0

  constructor(place: AccessLogPlace, warn: (what: string, detail: string) => void) {
    this.#place = place
    this.#stream = destination({
      dest: place.kind === 'stderr' ? 2 : place.path,
      ...{ sync: false, append: true, mkdir: true, mode: 0o600 },
      ...{ minLength: WRITE_BYTES, maxLength: WAITING_MAX },
    })
    this.#stream.on('error', (error: Error) => warn('the access log cannot be written', error.message))
    this.#stream.on('drop', () => {
      this.#dropped += 1
    })
    this.#flushing = setInterval(() => {
      this.#stream.flush()
      if (this.#dropped > 0) warn('lines of the access log were dropped', String(this.#dropped))
      this.#dropped = 0
    }, FLUSH_MS).unref()
  }

  /** Writes the line of one call. */
  write(call: LoggedCall): void {
    this.#stream.write(accessLine(call))
  }

  /** Opens the file anew: it may have been moved away. */
  reopen(): void {
    if (this.#place.kind === 'file') this.#stream.reopen()
  }

  /** Writes what waits. */
  close(): void {
    clearInterval(this.#flushing)
    this.#stream.flushSync()
    if (this.#place.kind === 'file') this.#stream.end()
  }
}

/** What a line says. */
export interface LoggedCall {
  readonly startMs: number
  /** As the client sent it; only its mask is written. */
  readonly credential: string | undefined
  readonly endpoint: string
  readonly method: string
  readonly statusCode: number
  readonly responseTimeMs: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly tenantId: string
  readonly usageUnits: number
  readonly clientIp: string
  readonly requestId: string
  readonly routeId: string
  readonly outcome: string
  /** Code of the problem it was answered with; empty if none. */
  readonly error: string
  readonly traceId: string
}

/** The line, with its end. The first ten fields have the names that DataForge's own log had. */
export function accessLine(call: LoggedCall): string {
  const { credential } = call
  const line = JSON.stringify({
    timestamp: isoTime(call.startMs),
    api_key: credential === undefined ? '' : maskSecret(credential),
    endpoint: call.endpoint,
    method: call.method,
    status_code: call.statusCode,
    response_time_ms: call.responseTimeMs,
    bytes_sent: call.bytesSent,
    bytes_received: call.bytesReceived,
    customer_id: call.tenantId,
    usage_units: call.usageUnits,
    client_ip: call.clientIp,
    request_id: call.requestId,
    route_id: call.routeId,
    outcome: call.outcome,
    error: call.error,
    trace_id: call.traceId,
  })
  const known = credential !== undefined && credential.length >= KEY_LENGTH_MIN && line.includes(credential)
  return `${withoutSecrets(known ? line.replaceAll(credential, '[redacted]') : line)}\n`
}

/** Anything shorter is no key. */
const KEY_LENGTH_MIN = 16
