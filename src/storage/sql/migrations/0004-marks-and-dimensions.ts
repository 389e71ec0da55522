import type { Migration } from '../migrate.ts'

/**
 * Meters that cannot be added up, and dimensions.
 *
 * Both engines can rename a table, neither can add a column to a primary key: so two tables are made anew.
 */
export const marksAndDimensions: Migration = {
  version: 4,
  name: 'marks-and-dimensions',
  statements: ({ identity, bigint, decimal, clustered }) => [
    `create table rollup_callers_2 (
      caller_no ${identity},
      tenant_no ${bigint} not null references rollup_tenants (tenant_no),
      key_id text not null,
      plan_id text not null,
      plan_version integer not null,
      subscription_id text not null,
      dimensions text not null,
      unique (tenant_no, key_id, plan_id, plan_version, subscription_id, dimensions)
    )`,
    `insert into rollup_callers_2
      select caller_no, tenant_no, key_id, plan_id, plan_version, subscription_id, '' from rollup_callers`,
    'drop table rollup_callers',
    'alter table rollup_callers_2 rename to rollup_callers',
    `create table rollup_quantities_2 (
      bucket_ms ${bigint} not null,
      tenant_no ${bigint} not null,
      caller_no ${bigint} not null,
      kind_no ${bigint} not null,
      meter_id text not null,
      aggregation text not null,
      member text not null,
      at_ms ${bigint} not null,
      event_id text not null,
      quantity ${decimal} not null,
      primary key (bucket_ms, tenant_no, caller_no, kind_no, meter_id, aggregation, member)
    ) ${clustered}`,
    `insert into rollup_quantities_2
      select bucket_ms, tenant_no, caller_no, kind_no, meter_id, 'sum', '', 0, '', quantity from rollup_quantities`,
    'drop table rollup_quantities',
    'alter table rollup_quantities_2 rename to rollup_quantities',
    // Which level held when a span began: the last one before it, however long ago.
    `create index rollup_levels on rollup_quantities (tenant_no, caller_no, kind_no, meter_id, at_ms)
      where aggregation = 'time-weighted'`,
  ],
}
