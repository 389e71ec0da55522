/** What no tenant may see, because it names others or is the operator's own. */
const OF_NO_TENANT = [
  ...['audit', 'audit_head', 'outbox', 'tokens', 'nodes', 'changes', 'event_batches', 'adjustments'],
  ...['done_requests', 'sign_in_links', 'number_series', 'billing_periods', 'leases'],
]

/**
 * What Postgres needs beside the tables: run again after every migration, and nothing of it twice.
 *
 * Tables are found by their columns, so a table that comes later is looked after as well: its texts are
 * ordered by their bytes as SQLite orders them, and its rows belong to the tenant they name.
 */
export const afterMigrations: readonly string[] = [
  // A policy must not be in the way of what follows.
  `do $$ declare found record; begin
    for found in select policyname, tablename from pg_policies
      where schemaname = current_schema() and policyname = 'gatez_tenant'
    loop execute format('drop policy gatez_tenant on %I', found.tablename); end loop;
  end $$`,

  // Reports and exports come in one order, whatever language the database was made for.
  `do $$ declare found record; begin
    for found in select table_name, column_name from information_schema.columns
      join information_schema.tables using (table_schema, table_name)
      where table_schema = current_schema() and table_type = 'BASE TABLE'
        and data_type = 'text' and collation_name is null
    loop
      execute format('alter table %I alter column %I type text collate "C"', found.table_name, found.column_name);
    end loop;
  end $$`,

  // Rows that a migration copied brought their numbers along: the next one must be another.
  `do $$ declare found record; begin
    for found in select table_name, column_name from information_schema.columns
      where table_schema = current_schema() and is_identity = 'YES'
    loop
      execute format('select setval(pg_get_serial_sequence(%L, %L), max(%I)) from %I having max(%I) is not null',
        quote_ident(found.table_name), found.column_name, found.column_name, found.table_name, found.column_name);
    end loop;
  end $$`,

  // Changes become visible in the order of their numbers, and ring at every node that listens.
  `create or replace function gatez_ring() returns trigger language plpgsql as $$
   begin perform pg_advisory_xact_lock(1734440037, 1); perform pg_notify('gatez_changes', ''); return null; end $$`,
  'drop trigger if exists changes_ring on changes',
  'create trigger changes_ring before insert on changes for each statement execute function gatez_ring()',

  // What was counted stays counted: sums grow, watermarks move forward, no row ever goes. A sum falls only where
  // the same transaction wrote down what it takes back; that row stays.
  `create or replace function gatez_ledger() returns trigger language plpgsql as $$
   begin raise exception 'rows of % are never removed or lowered', tg_table_name; end $$`,
  `create or replace function gatez_lowered() returns trigger language plpgsql as $$ begin
     if (select xmin::text::bigint from adjustments order by seq desc limit 1)
       = pg_current_xact_id()::text::bigint % 4294967296 then return new; end if;
     raise exception 'sums of % are never lowered without an adjustment', tg_table_name; end $$`,
  ...['rollups', 'rollup_quantities', 'usage_seals', 'watermarks', 'ingested_events'].flatMap((table) => [
    `drop trigger if exists ${table}_stay on ${table}`,
    `create trigger ${table}_stay before delete or truncate on ${table}
     for each statement execute function gatez_ledger()`,
  ]),
  'drop trigger if exists rollups_grow on rollups',
  `create trigger rollups_grow before update on rollups for each row when (
     new.bucket_ms <> old.bucket_ms or new.tenant_no <> old.tenant_no
     or new.caller_no <> old.caller_no or new.kind_no <> old.kind_no
   ) execute function gatez_ledger()`,
  'drop trigger if exists rollups_fall on rollups',
  `create trigger rollups_fall before update on rollups for each row when (
     new.requests < old.requests or new.refused < old.refused or new.usage_units < old.usage_units
     or new.bytes_received < old.bytes_received or new.bytes_sent < old.bytes_sent
     or new.duration_ms < old.duration_ms
   ) execute function gatez_lowered()`,
  'drop trigger if exists watermarks_grow on watermarks',
  `create trigger watermarks_grow before update on watermarks for each row
   when (new.seq < old.seq) execute function gatez_ledger()`,

  // While gatez.tenant is set, nothing of any other tenant is there, whatever a query asks for.
  `do $$ declare found record; begin
    for found in select distinct on (table_name) table_name, case column_name
        when 'tenant_id' then '(select coalesce(current_setting(''gatez.tenant'', true), '''')) in ('''', tenant_id)'
        when 'tenant' then '(select coalesce(current_setting(''gatez.tenant'', true), '''')) in ('''', tenant)'
        when 'tenant_no' then '(select coalesce(current_setting(''gatez.tenant'', true), '''')) = '''' or tenant_no = '
          '(select tenant_no from rollup_tenants where tenant_id = current_setting(''gatez.tenant'', true))'
      end as rule
      from information_schema.columns join information_schema.tables using (table_schema, table_name)
      where table_schema = current_schema() and table_type = 'BASE TABLE'
        and column_name in ('tenant_id', 'tenant', 'tenant_no')
      order by table_name, column_name
    loop
      execute format('alter table %I enable row level security', found.table_name);
      execute format('alter table %I force row level security', found.table_name);
      execute format('create policy gatez_tenant on %I using (%s)', found.table_name, found.rule);
    end loop;
  end $$`,
  ...Object.entries({
    tenants: "(select coalesce(current_setting('gatez.tenant', true), '')) in ('', id)",
    ...Object.fromEntries(
      ['member_links', 'member_secrets', 'sessions'].map((table) => [
        table,
        `(select coalesce(current_setting('gatez.tenant', true), '')) = ''
          or member_id in (select id from members)`,
      ]),
    ),
    ...Object.fromEntries(
      OF_NO_TENANT.map((table) => [
        table,
        "(select coalesce(current_setting('gatez.tenant', true), '')) = ''",
      ]),
    ),
  }).flatMap(([table, rule]) => [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy gatez_tenant on ${table} using (${rule})`,
  ]),
]
