import type { AnswerOf, ItemOf } from '../control/client.ts'

/** Everything the dashboard shows, as it was last read; undefined until it was. */
export interface BoardData {
  /** When something was last read. */
  readonly atMs: number
  readonly access: AnswerOf<'myAccess'> | undefined
  readonly settings: AnswerOf<'settings'> | undefined
  /** null where no gateway runs that could say. */
  readonly traffic: AnswerOf<'trafficNow'>['traffic'] | undefined
  /** This month by tenant: what `gatez usage report` says. */
  readonly report: Report | undefined
  readonly tenants: readonly ItemOf<'listTenants'>[] | undefined
  readonly limits: AnswerOf<'limitsNow'>['data'] | undefined
  readonly quotas: AnswerOf<'listQuotas'>['data'] | undefined
  readonly requests: readonly ItemOf<'listKeys'>[] | undefined
  readonly revenue: AnswerOf<'revenue'> | undefined
  /** The last calls, newest first. */
  readonly calls: readonly Call[] | undefined
  readonly tenant: TenantData | undefined
  /** An event id, and why what happened to it did. */
  readonly why: { readonly id: string; readonly answer: AnswerOf<'why'> } | undefined
  readonly health: AnswerOf<'health'>['findings'] | undefined
  readonly degraded: AnswerOf<'listDegraded'>['rows'] | undefined
  /** What could not be read, by the name of its feed. */
  readonly problems: ReadonlyMap<string, string>
}

/** One tenant, opened. */
export interface TenantData {
  readonly id: string
  readonly details: AnswerOf<'showTenant'>
  readonly keys: readonly ItemOf<'listKeys'>[]
  /** This month by key. */
  readonly report: Report
}

/** A usage report as far as the dashboard reads it. */
export interface Report {
  readonly from: string
  readonly to: string
  readonly currency: string
  readonly rows: readonly ReportRow[]
  readonly total: ReportRow
}

export interface ReportRow {
  /** Of the tenant or key it is about; empty in the total. */
  readonly id: string
  readonly name: string
  readonly requests: number
  readonly billable: number
  readonly refused: number
  /** null when it cannot be said. */
  readonly amount: string | null
}

/** A call as the tail shows it: columns of the usage log. */
export interface Call {
  readonly id: string
  readonly request_id: string
  readonly timestamp: string
  readonly tenant_id: string
  readonly key_id: string
  readonly route_id: string
  readonly method: string
  readonly endpoint: string
  readonly status_code: number
  readonly outcome: string
  readonly refusal: string
  readonly billable: boolean
  readonly response_time_ms: number
  readonly source: string
  readonly count: number
}

/** Before anything was read. */
export const NOTHING_YET: BoardData = {
  atMs: 0,
  access: undefined,
  settings: undefined,
  traffic: undefined,
  report: undefined,
  tenants: undefined,
  limits: undefined,
  quotas: undefined,
  requests: undefined,
  revenue: undefined,
  calls: undefined,
  tenant: undefined,
  why: undefined,
  health: undefined,
  degraded: undefined,
  problems: new Map(),
}

/** Whether who asks may decide on key requests. */
export function mayWrite({ access }: Pick<BoardData, 'access'>): boolean {
  return access?.scopes.some((scope) => scope === 'write' || scope === 'owner') === true
}

/** Reads a report by tenant or key as the control API gives it. */
export function readReport(view: AnswerOf<'usageReport'>, by: 'tenant' | 'key'): Report {
  return {
    from: view.from,
    to: view.to,
    currency: view.currency ?? '',
    rows: view.rows.map((row) => ({
      id: textIn(row, `${by}_id`),
      name: textIn(row, `${by}_name`),
      ...figuresOf(row),
    })),
    total: { id: '', name: '', ...figuresOf(view.total) },
  }
}

function figuresOf(row: object): Omit<ReportRow, 'id' | 'name'> {
  const amount: unknown = Reflect.get(row, 'amount')
  return {
    requests: numberIn(row, 'requests'),
    billable: numberIn(row, 'billable'),
    refused: numberIn(row, 'refused'),
    amount: typeof amount === 'string' ? amount : null,
  }
}

function textIn(row: object, name: string): string {
  const value: unknown = Reflect.get(row, name)
  return typeof value === 'string' ? value : ''
}

function numberIn(row: object, name: string): number {
  const value: unknown = Reflect.get(row, name)
  return typeof value === 'number' ? value : 0
}
