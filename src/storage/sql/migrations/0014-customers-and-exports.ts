import type { Migration } from '../migrate.ts'

/** Who invoices are for, who is stopped for not paying them, and what of the usage was handed to whom. */
export const customersAndExports: Migration = {
  version: 14,
  name: 'customers-and-exports',
  statements: ({ bigint }) => [
    'alter table tenants add column customer text',
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
      primary key (target, bucket_ms, tenant_id, meter)
    )`,
  ],
}
