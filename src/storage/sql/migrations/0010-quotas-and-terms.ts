import type { Migration } from '../migrate.ts'

/**
 * What was used of quotas in their periods, which thresholds were told of, since when tenants are on a plan, and what
 * they had beside it at any time.
 */
export const quotasAndTerms: Migration = {
  version: 10,
  name: 'quotas-and-terms',
  statements: ({ bigint, decimal }) => [
    // null where it is as `start_ms`.
    `alter table subscriptions add column anchor_ms ${bigint}`,
    `alter table subscriptions add column plan_since_ms ${bigint}`,
    'alter table subscriptions add column is_trial integer not null default 0',
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
      quota_id text not null,
      period_ms ${bigint} not null,
      threshold integer not null,
      used ${decimal} not null,
      included ${decimal} not null,
      at_ms ${bigint} not null,
      primary key (tenant_id, quota_id, period_ms, threshold)
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
