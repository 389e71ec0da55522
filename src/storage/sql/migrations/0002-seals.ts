import type { Migration } from '../migrate.ts'

/** What the ledger remembers of the events behind its sums, and the adjustments made to them. */
export const seals: Migration = {
  version: 2,
  name: 'seals',
  statements: ({ bigint, clustered, appendOnly }) => [
    `create table usage_seals (
      bucket_ms ${bigint} not null,
      node_id text not null,
      epoch integer not null,
      first_seq ${bigint} not null,
      last_seq ${bigint} not null,
      events ${bigint} not null,
      requests ${bigint} not null,
      refused ${bigint} not null,
      billable ${bigint} not null,
      usage_units ${bigint} not null,
      bytes_received ${bigint} not null,
      bytes_sent ${bigint} not null,
      duration_ms ${bigint} not null,
      meters text not null,
      ids text not null,
      contents text not null,
      marks text not null,
      primary key (bucket_ms, node_id, epoch)
    ) ${clustered}`,
    'create index usage_seals_by_run on usage_seals (node_id, epoch, last_seq)',
    // What was counted before there were seals: up to this position nothing can be held against them.
    `create table unsealed (
      node_id text not null,
      epoch integer not null,
      seq ${bigint} not null,
      primary key (node_id, epoch)
    )`,
    'insert into unsealed (node_id, epoch, seq) select node_id, epoch, seq from watermarks',
    `create table adjustments (
      id text primary key,
      event_id text not null unique,
      event_ms ${bigint} not null,
      seq ${bigint} not null unique,
      reason text not null,
      actor text not null,
      at_ms ${bigint} not null,
      body text not null
    )`,
    ...appendOnly('adjustments'),
  ],
}
