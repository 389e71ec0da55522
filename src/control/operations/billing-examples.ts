import { EXAMPLES } from './examples.ts'

const row = {
  id: 'inv_2f6k8m0q1r3t5w7x9z2b',
  number: 'INV-2026-0001',
  state: 'open',
  tenant_id: 'acme',
  tenant_name: 'Acme',
  period_start: EXAMPLES.report.from,
  period_end: EXAMPLES.report.to,
  timezone: 'UTC',
  issued_at: '2026-04-01T00:05:00.000Z',
  due_at: '2026-04-16T00:00:00.000Z',
  currency: 'USD',
  subtotal: '49.00',
  tax: '0.00',
  total: '49.00',
  credited: '0.00',
  paid: '0.00',
  due: '49.00',
}

const amounts = { so_far: '49.00', forecast: '61.50', mrr: '49.00' }

/** What bills look like, for the examples of the OpenAPI document. */
export const BILLING_EXAMPLES = {
  row,
  invoice: {
    ...row,
    ...{ attempt: 1, created_at: '2026-04-01T00:05:00.000Z', issuer: null, customer: null },
    terms: { days: 14, text: null },
    lines: [
      {
        ...{ line: 1, kind: 'fee', description: 'Pro: fee', charge_id: 'fee', meter: null },
        ...{ subscription_id: EXAMPLES.tenant.subscription_id, plan_id: 'pro', plan_name: 'Pro' },
        ...{ plan_version: 1, period_start: row.period_start, period_end: row.period_end },
        ...{ quantity: '0', events: 0, price: { model: 'flat', amount: '49.00' }, tiers: [] },
        ...{ days: null, exact: '49', amount: '49.00', evidence: null },
      },
    ],
    ...{ tax_mode: 'exclusive', taxes: [], carried: '0.00', billable_rules: [] },
    evidence: { seals: '12-4800-9f3c…', events: 4_800 },
    entries: [
      {
        ...{ at: '2026-04-01T00:05:00.000Z', kind: 'issued', amount: '49.00', credit: '0.00' },
        ...{ actor: 'gatez', detail: {} },
      },
    ],
  },
  revenue: {
    ...{ currency: 'USD', as_of: '2026-03-25T00:00:00.000Z', ...amounts },
    ...{ outstanding: '120.00', overdue: '0.00' },
    tenants: [
      {
        ...{ tenant_id: 'acme', tenant_name: 'Acme', plan: 'pro' },
        ...{ period_start: row.period_start, period_end: row.period_end, ...amounts },
      },
    ],
    plans: [{ plan: 'pro', tenants: 1, ...amounts }],
    unpriced: [],
  },
  dunned: {
    ...{ ...row, state: 'overdue', tenant_state: 'active', days_late: 5 },
    steps: [
      {
        ...{ action: 'remind', after_days: 3 },
        ...{ due_at: '2026-04-19T00:00:00.000Z', taken_at: '2026-04-19T00:00:12.000Z' },
      },
    ],
  },
  mail: {
    ...{ id: 'msg_0f3a9c2e41', date: '2026-04-01T00:05:00.000Z', from: 'billing@example.com' },
    ...{ to: ['ann@example.com'], subject: 'Invoice INV-2026-0001', text: 'Dear customer …' },
    ...{ attachments: ['INV-2026-0001.pdf'], file: 'outbox/msg_0f3a9c2e41.eml' },
  },
  preview: {
    ...{ tenant_id: 'acme', from: 'free', to: 'pro', direction: 'upgrade' },
    ...{ monthly_value: { from: '0', to: '49' }, at: '2026-03-10T12:00:00.000Z', trial_until: null },
    currency: 'USD',
    this_period: {
      ...{ from: row.period_start, to: row.period_end },
      ...{ unchanged: '0.00', changed: '33.96', difference: '33.96', lines: [] },
    },
    next_period: {
      ...{ from: row.period_end, to: '2026-05-01T00:00:00.000Z' },
      ...{ unchanged: '0.00', changed: '49.00', difference: '49.00' },
    },
    by_method: { days: '33.96', seconds: '33.97', consumption: '49.00' },
    includes: [],
  },
}
