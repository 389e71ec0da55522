import type { CatalogueRow } from './catalogue-row.ts'

/** What can be in the way of an invoice. */
export const BILLING_PROBLEMS = {
  'period-open': {
    status: 409,
    exit: 6,
    title: 'Billing period still open',
    fix: 'Wait for the moment named; gatez invoices preview shows what the invoice would say now.',
  },
  'invoices-running': {
    status: 409,
    exit: 6,
    title: 'Invoices are being made',
    fix: 'Wait for the other process to end; what it leaves undone the next run does.',
  },
  'unpriced-usage': {
    status: 409,
    exit: 6,
    title: 'Usage without a price',
    fix: 'Give the tenant a price that reaches as far: gatez tenants override, or gatez apply --migrate-subscribers.',
  },
  'events-not-shipped': {
    status: 503,
    exit: 7,
    title: 'Events not in the ledger yet',
    fix: 'Start gatez serve in this folder: it ships what an earlier run left. Then run this again.',
  },
} as const satisfies Record<string, CatalogueRow>
