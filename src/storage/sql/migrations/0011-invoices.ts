import type { Migration } from '../migrate.ts'

/** Invoices with what happened to them, series of numbers, closed periods, and leases. */
export const invoices: Migration = {
  version: 11,
  name: 'invoices',
  statements: ({ identity, bigint, decimal, appendOnly }) => [
    `create table invoices (
      id text primary key,
      number text unique,
      state text not null,
      tenant_id text not null references tenants (id),
      period_start_ms ${bigint} not null,
      period_end_ms ${bigint} not null,
      attempt integer not null,
      currency text not null,
      created_at_ms ${bigint} not null,
      issued_at_ms ${bigint},
      due_at_ms ${bigint},
      total ${decimal} not null,
      credited ${decimal} not null,
      paid ${decimal} not null,
      content text not null,
      unique (tenant_id, period_start_ms, period_end_ms, attempt)
    )`,
    'create index invoices_by_period on invoices (period_start_ms, tenant_id)',
    "create index invoices_due on invoices (due_at_ms) where state in ('open', 'overdue')",
    `create table invoice_entries (
      sequence ${identity},
      invoice_id text not null references invoices (id),
      tenant_id text not null,
      currency text not null,
      at_ms ${bigint} not null,
      kind text not null,
      entry_key text not null,
      amount ${decimal} not null,
      credit ${decimal} not null,
      actor text not null,
      detail text not null,
      unique (invoice_id, entry_key)
    )`,
    "create index invoice_credits on invoice_entries (tenant_id) where credit <> '0'",
    ...appendOnly('invoice_entries'),
    `create table number_series (
      series text primary key,
      last_number ${bigint} not null
    )`,
    `create table billing_periods (
      start_ms ${bigint} not null,
      end_ms ${bigint} not null,
      closed_at_ms ${bigint} not null,
      seals text not null,
      primary key (start_ms, end_ms)
    )`,
    `create table leases (
      name text primary key,
      holder text not null,
      until_ms ${bigint} not null
    )`,
  ],
}
