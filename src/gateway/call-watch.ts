import type { Clock } from '../lib/clock.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { SpanExporter } from '../telemetry/span-exporter.ts'
import { type TraceContext, Tracer } from '../telemetry/trace.ts'
import type { Traffic } from '../telemetry/traffic.ts'
import type { Ending } from './ending.ts'
import type { Accepted, Exchange, Limited, Planned } from './exchange.ts'
import type { Refusal } from './refusal.ts'

/**
 * Tells the operator of calls as they end: counts them, and where the file asks for it writes a line and
 * sends a span. Beside the way of a request: nothing here can hold a call up or change it.
 */
export class CallWatch {
  readonly #parts: CallWatchParts
  readonly #tracer: Tracer

  constructor(parts: CallWatchParts) {
    this.#parts = parts
    this.#tracer = new Tracer(parts.sample)
  }

  /** A call goes on to its upstream: gives it its place in a trace. */
  begins({ exchange, head }: Accepted): void {
    exchange.trace = this.#tracer.begin(head.traceparent)
  }

  /** So many calls are under way. */
  open(calls: number): void {
    this.#parts.traffic.open(calls)
  }

  /** A call that was let through is over. */
  ended({ planned }: Limited, ending: Ending): void {
    const { clock, traffic } = this.#parts
    const { exchange } = planned.accepted
    const elapsedMs = clock.monotonicMs() - exchange.startMonotonicMs
    const { status, upstreamMs, bytesSent, bytesReceived } = ending
    traffic.ended(status, elapsedMs, upstreamMs, bytesSent, bytesReceived)
    if (this.#isTold)
      this.#tell(exchange, planned, { ...ending, error: ending.refusal?.code ?? '', elapsedMs })
  }

  /** A call was not let through; without `planned` it is not known whose it is. */
  refused(exchange: Exchange, refusal: Refusal, planned: Planned | undefined): void {
    const { code, status } = refusal
    this.#parts.traffic.refused(code, status)
    if (!this.#isTold) return
    const elapsedMs = this.#parts.clock.monotonicMs() - exchange.startMonotonicMs
    const told = { status, error: code, outcome: 'refused', bytesSent: 0, bytesReceived: 0, elapsedMs }
    this.#tell(exchange, planned, told)
  }

  /** A call that was let through was answered with a problem; `ended` is told of it, too. */
  failed({ code }: Refusal): void {
    this.#parts.traffic.refused(code, 0)
  }

  get #isTold(): boolean {
    return this.#parts.accessLog !== undefined || this.#parts.exporter !== undefined
  }

  #tell(exchange: Exchange, planned: Planned | undefined, told: Told): void {
    const { accessLog, exporter } = this.#parts
    const endpoint = planned?.accepted.target.path ?? pathOf(exchange.request.url)
    const line = { ...told, endpoint }
    if (accessLog !== undefined) this.#log(accessLog, exchange, planned, line)
    // Spans are of callers who are known: a flood of others must not reach the collector.
    if (exporter === undefined || planned === undefined) return
    const trace = exchange.trace ?? this.#tracer.begin(planned.accepted.head.traceparent)
    if (trace.exported) exporter.add(spanOf(exchange, planned, trace, line))
  }

  #log(accessLog: AccessLog, exchange: Exchange, planned: Planned | undefined, told: ToldAt): void {
    const { matched, caller } = planned?.call ?? NOBODYS
    accessLog.write({
      startMs: exchange.startMs,
      credential: planned?.accepted.head.credential,
      endpoint: told.endpoint,
      method: exchange.request.method ?? '',
      statusCode: told.status,
      responseTimeMs: Math.round(told.elapsedMs),
      bytesSent: told.bytesSent,
      bytesReceived: told.bytesReceived,
      tenantId: caller?.grant?.tenantId ?? '',
      usageUnits: told.outcome === 'refused' ? 0 : (matched?.route.cost ?? 0),
      clientIp: exchange.clientIp,
      requestId: exchange.requestId,
      routeId: matched?.route.id ?? '',
      outcome: told.outcome,
      error: told.error,
      traceId: exchange.trace?.traceId ?? '',
    })
  }
}

export interface CallWatchParts {
  readonly traffic: Traffic
  readonly clock: Clock
  /** Which part of all traces is exported; null where nothing is. */
  readonly sample: number | null
  readonly accessLog: AccessLog | undefined
  readonly exporter: SpanExporter | undefined
}

/** How a call ended, whoever ended it. */
interface Told {
  readonly status: number
  readonly outcome: string
  readonly error: string
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly elapsedMs: number
}

interface ToldAt extends Told {
  readonly endpoint: string
}

const NOBODYS = { matched: undefined, caller: undefined } as const

function spanOf(exchange: Exchange, { call }: Planned, trace: TraceContext, told: ToldAt) {
  const { route, api } = call.matched
  const method = exchange.request.method ?? ''
  const { traceId, spanId, parentId } = trace
  return {
    ...{ traceId, spanId, parentId },
    name: `${method} ${route.path}`,
    startMs: exchange.startMs,
    elapsedMs: told.elapsedMs,
    failed: told.status >= 500,
    attributes: {
      'http.request.method': method,
      'http.route': route.path,
      'http.response.status_code': told.status,
      'gatez.api': api.id,
      'gatez.route': route.id,
      'gatez.tenant': call.caller.grant?.tenantId ?? '',
      'gatez.outcome': told.outcome,
      'gatez.error': told.error,
      'gatez.request_id': exchange.requestId,
    },
  }
}

/** Of a request that was not understood: without its query, which may hold anything. */
function pathOf(url = ''): string {
  const end = url.search(/[?#]/)
  return (end === -1 ? url : url.slice(0, end)).slice(0, PATH_SHOWN)
}

const PATH_SHOWN = 1_024
