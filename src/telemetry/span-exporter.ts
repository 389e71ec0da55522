import type { OtlpConfig } from '../config/telemetry-config.ts'

/** Spans that wait to be sent; what comes when there are so many is dropped. */
const WAITING_MAX = 4_096
const BATCH = 512
const SEND_EVERY_MS = 1_000
const TIMEOUT_MS = 5_000

/** One call, as a collector gets it. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string
  readonly name: string
  readonly startMs: number
  readonly elapsedMs: number
  readonly attributes: Readonly<Record<string, string | number>>
  readonly failed: boolean
}

/**
 * Sends spans to a collector by OTLP over HTTP, in JSON.
 *
 * No call waits for it. What a collector does not take is dropped, and told: traces are no evidence.
 */
export class SpanExporter {
  readonly #otlp: OtlpConfig
  readonly #warn: (what: string, detail: string) => void
  readonly #timer: NodeJS.Timeout
  #waiting: Span[] = []
  #dropped = 0
  #sending: Promise<void> | undefined

  constructor(otlp: OtlpConfig, warn: (what: string, detail: string) => void) {
    this.#otlp = otlp
    this.#warn = warn
    this.#timer = setInterval(() => this.#send(), SEND_EVERY_MS).unref()
  }

  add(span: Span): void {
    if (this.#waiting.length >= WAITING_MAX) this.#dropped += 1
    else this.#waiting.push(span)
    if (this.#waiting.length >= BATCH) this.#send()
  }

  /** Sends what waits, as far as the collector takes it within a few seconds. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#sending
    this.#send()
    await this.#sending
  }

  /** One batch is on its way at a time. */
  #send(): void {
    if (this.#sending !== undefined || this.#waiting.length === 0) return
    const spans = this.#waiting
    this.#waiting = []
    this.#sending = this.#post(spans)
      .catch((error: unknown) => this.#tell(spans.length, error instanceof Error ? error.message : 'unknown'))
      .finally(() => {
        this.#sending = undefined
      })
  }

  async #post(spans: readonly Span[]): Promise<void> {
    const { endpoint, service, secret } = this.#otlp
    const { httpClient } = await import('../lib/http-client.ts')
    const { statusCode, body } = await httpClient.request(`${endpoint}/v1/traces`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(secret !== null && { [secret.header]: secret.value }),
      },
      body: JSON.stringify(otlpOf(spans, service)),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await body.dump()
    if (statusCode >= 300) this.#tell(spans.length, `the collector answered ${statusCode}`)
  }

  #tell(lost: number, why: string): void {
    const dropped = this.#dropped + lost
    this.#dropped = 0
    this.#warn('spans were not taken by telemetry.otlp and are dropped', `${dropped}: ${why}`)
  }
}

/** The message of OTLP in JSON: numbers of 64 bits are texts there. */
function otlpOf(spans: readonly Span[], service: string): object {
  const resource = { attributes: [attribute('service.name', service)] }
  return {
    resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'gatez' }, spans: spans.map(spanOf) }] }],
  }
}

function spanOf({ traceId, spanId, parentId, name, startMs, elapsedMs, attributes, failed }: Span): object {
  return {
    ...{ traceId, spanId, name, kind: SERVER },
    ...(parentId !== '' && { parentSpanId: parentId }),
    startTimeUnixNano: nanosOf(startMs),
    endTimeUnixNano: nanosOf(startMs + elapsedMs),
    attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    status: failed ? { code: ERROR } : {},
  }
}

function attribute(key: string, value: string | number): object {
  return { key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }
}

/** Exact: a double does not hold nanoseconds since 1970. */
function nanosOf(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n)
}

const SERVER = 2
const ERROR = 2
