import type { Migration } from '../migrate.ts'

/** Who invoices are for, who is stopped for not paying them, what was handed to whom, and how far each node is. */
export const customersAndExports: Migration = {
  version: 14,
  name: 'customers-and-exports',
  statements: ({ bigint }) => [
    'alter table tenants add column customer text',
    `alter table nodes add column shipped_at_ms ${bigint}`,
    `alter table nodes add column stopped_at_ms ${bigint}`,
    // Dunning wrote `suspended` until now. What the operator did by hand since then is no other state in the books.
    `update tenants set state = 'unpaid' where state = 'suspended' and exists (
      select 1 from invoice_entries said where said.tenant_id = tenants.id and said.kind = 'suspended'
        and not exists (
          select 1 from invoice_entries lifted
          where lifted.invoice_id = said.invoice_id and lifted.kind = 'resumed'
        )
    )`,
    `create table usage_exports (
      target text not null,
      tenant_id text not null,
      meter text not null,
      bucket_ms ${bigint} not null,
      revision integer not null,
      quantity text not null,
      batch text,
      written_at_ms ${bigint},
      primary key (target, bucket_ms, tenant_id, meter, revision)
    )`,
    'create index usage_exports_unwritten on usage_exports (target, bucket_ms) where written_at_ms is null',
  ],
}
