import type { Migration } from '../migrate.ts'

/**
 * What was used of quotas in their periods, which thresholds were told of, since when tenants are on a plan, and what
 * they had beside it at any time.
 */
export const quotasAndTerms: Migration = {
  version: 10,
  name: 'quotas-and-terms',
  statements: ({ identity, bigint, decimal }) => [
    // null where it is as `start_ms`.
    `alter table subscriptions add column anchor_ms ${bigint}`,
    `alter table subscriptions add column plan_since_ms ${bigint}`,
    'alter table subscriptions add column is_trial integer not null default 0',
    // What was added to the ledger and not yet to the use of quotas.
    `create table use_notes (
      sequence ${identity},
      tenant_id text not null,
      subscription_id text not null,
      bucket_ms ${bigint} not null,
      requests ${bigint} not null,
      usage_units ${bigint} not null,
      bytes_received ${bigint} not null,
      bytes_sent ${bigint} not null,
      duration_ms ${bigint} not null,
      quantities text not null
    )`,
    'create index use_notes_by_tenant on use_notes (tenant_id)',
    `create table quota_use (
      tenant_id text not null,
      meter_id text not null,
      from_ms ${bigint} not null,
      to_ms ${bigint} not null,
      used ${decimal} not null,
      primary key (tenant_id, meter_id, from_ms, to_ms)
    )`,
    `create table quota_alerts (
      tenant_id text not null,
      plan_id text not null,
      quota_id text not null,
      period_ms ${bigint} not null,
      threshold integer not null,
      used ${decimal} not null,
      included ${decimal} not null,
      at_ms ${bigint} not null,
      primary key (tenant_id, plan_id, quota_id, period_ms, threshold)
    )`,
    `create table override_versions (
      tenant_id text not null,
      from_ms ${bigint} not null,
      overrides text,
      primary key (tenant_id, from_ms)
    )`,
    // What is in force counts for what was used before, as it did so far.
    `insert into override_versions (tenant_id, from_ms, overrides)
      select id, 0, overrides from tenants where overrides is not null`,
  ],
}
