import type { Invoice } from '../../src/model/invoice.ts'
import { NOON } from './control-store.ts'

/** An invoice as stores keep it. */
export function invoice(parts: Partial<Invoice> = {}): Invoice {
  return {
    id: 'inv_1',
    number: 'INV-1',
    state: 'open',
    tenantId: 'acme',
    period: { startMs: 0, endMs: 100 },
    attempt: 1,
    currency: 'USD',
    createdAtMs: NOON,
    issuedAtMs: NOON,
    dueAtMs: NOON,
    totalMinor: 100n,
    creditedMinor: 0n,
    paidMinor: 0n,
    content: {
      tenantName: 'Acme',
      timezone: 'UTC',
      issuer: null,
      terms: { days: 14, text: null },
      lines: [],
      subtotal: '1.00',
      taxMode: 'exclusive',
      taxes: [],
      tax: '0.00',
      total: '1.00',
      carried: '0.00',
      rules: [],
      evidence: { seals: 's', events: 0 },
    },
    ...parts,
  }
}
