import type { Migration } from '../migrate.ts'

/** The first schema: tenants to outbox. */
export const initial: Migration = {
  version: 1,
  name: 'initial',
  statements: ({ identity, bigint, decimal, clustered, appendOnly }) => [
    `create table tenants (
      id text primary key,
      name text not null,
      external_id text unique,
      state text not null,
      overrides text,
      created_at_ms ${bigint} not null
    )`,
    `create table members (
      id text primary key,
      tenant_id text not null references tenants (id),
      email text not null,
      role text not null,
      created_at_ms ${bigint} not null,
      unique (tenant_id, email)
    )`,
    `create table member_links (
      hash text primary key,
      member_id text not null references members (id) on delete cascade,
      created_at_ms ${bigint} not null,
      expires_at_ms ${bigint} not null
    )`,
    'create index member_links_by_member on member_links (member_id)',
    `create table plans (
      id text primary key,
      position integer not null,
      current_version integer not null,
      withdrawn integer not null
    )`,
    `create table plan_versions (
      plan_id text not null references plans (id),
      version integer not null,
      hash text not null,
      body text not null,
      created_at_ms ${bigint} not null,
      primary key (plan_id, version)
    )`,
    `create table applied_files (
      sequence ${identity},
      hash text not null,
      applied_at_ms ${bigint} not null
    )`,
    `create table subscriptions (
      id text primary key,
      tenant_id text not null references tenants (id),
      plan_id text not null,
      plan_version integer not null,
      start_ms ${bigint} not null,
      end_ms ${bigint},
      foreign key (plan_id, plan_version) references plan_versions (plan_id, version)
    )`,
    'create index subscriptions_by_tenant on subscriptions (tenant_id, start_ms)',
    'create index subscriptions_by_plan on subscriptions (plan_id)',
    // One subscription at most runs on without an end.
    'create unique index subscriptions_running on subscriptions (tenant_id) where end_ms is null',
    `create table keys (
      id text primary key,
      tenant_id text not null references tenants (id),
      name text not null,
      mode text not null,
      state text not null,
      hash text unique,
      masked text,
      reason text,
      requested_by text not null,
      decided_by text,
      decision_reason text,
      created_at_ms ${bigint} not null,
      decided_at_ms ${bigint},
      revealed_at_ms ${bigint},
      revoked_at_ms ${bigint},
      expires_at_ms ${bigint},
      replaced_by_id text,
      routes text,
      ips text
    )`,
    'create index keys_by_tenant on keys (tenant_id, state)',
    'create index keys_by_state on keys (state)',
    // The texts that rollups share are kept once: a rollup names them by number.
    `create table rollup_tenants (
      tenant_no ${identity},
      tenant_id text not null unique
    )`,
    `create table rollup_callers (
      caller_no ${identity},
      tenant_no ${bigint} not null references rollup_tenants (tenant_no),
      key_id text not null,
      plan_id text not null,
      plan_version integer not null,
      subscription_id text not null,
      unique (tenant_no, key_id, plan_id, plan_version, subscription_id)
    )`,
    `create table rollup_kinds (
      kind_no ${identity},
      api_id text not null,
      route_id text not null,
      status_class integer not null,
      billable integer not null,
      unique (route_id, api_id, status_class, billable)
    )`,
    // No foreign keys and no second index: under load nearly every event writes a row of its own here.
    `create table rollups (
      ${rollupKey(bigint)},
      requests ${bigint} not null,
      refused ${bigint} not null,
      usage_units ${bigint} not null,
      bytes_received ${bigint} not null,
      bytes_sent ${bigint} not null,
      duration_ms ${bigint} not null,
      primary key (${ROLLUP_KEY_NAMES})
    ) ${clustered}`,
    `create table rollup_quantities (
      ${rollupKey(bigint)},
      meter_id text not null,
      quantity ${decimal} not null,
      primary key (${ROLLUP_KEY_NAMES}, meter_id)
    ) ${clustered}`,
    `create table watermarks (
      node_id text not null,
      epoch integer not null,
      seq ${bigint} not null,
      primary key (node_id, epoch)
    )`,
    `create table nodes (
      node_id text primary key,
      epoch integer not null,
      started_at_ms ${bigint} not null
    )`,
    `create table changes (
      sequence ${identity},
      subject text not null,
      at_ms ${bigint} not null
    )`,
    `create table audit (
      sequence ${identity},
      at_ms ${bigint} not null,
      actor text not null,
      action text not null,
      subject text not null,
      detail text not null
    )`,
    'create index audit_by_subject on audit (subject, sequence)',
    ...appendOnly('audit'),
    `create table outbox (
      id text primary key,
      kind text not null,
      body text not null,
      created_at_ms ${bigint} not null,
      sent_at_ms ${bigint}
    )`,
    'create index outbox_pending on outbox (created_at_ms, id) where sent_at_ms is null',
  ],
}

const ROLLUP_KEY_NAMES = 'bucket_ms, tenant_no, caller_no, kind_no'

function rollupKey(bigint: string): string {
  return ['bucket_ms', 'tenant_no', 'caller_no', 'kind_no']
    .map((name) => `${name} ${bigint} not null`)
    .join(', ')
}
