-- Roles for gatez in Postgres. Run once as a superuser, in the database that gatez shall have:
--   createdb gatez && psql -d gatez -f postgres-roles.sql
-- then give each a password: \password gatez_owner, \password gatez_app, \password gatez_reader.
-- Run it again after each gatez db migrate: it gives rights to tables that came with it.

do $$ begin
  if to_regrole('gatez_owner') is null then create role gatez_owner login; end if;
  if to_regrole('gatez_app') is null then create role gatez_app login; end if;
  if to_regrole('gatez_reader') is null then create role gatez_reader login; end if;
end $$;

-- Owns the tables and changes them: gatez db migrate, and nothing else.
grant usage, create on schema public to gatez_owner;

-- What serve and every other command run as: no table of its own, no way to unmake what was counted.
grant usage on schema public to gatez_app, gatez_reader;
alter default privileges for role gatez_owner in schema public
  grant select, insert, update, delete on tables to gatez_app;
alter default privileges for role gatez_owner in schema public grant select on tables to gatez_reader;

-- Reads for reports and portals of your own. It sees the rows of one tenant, and has to say of which:
--   begin; set local gatez.tenant = 'acme'; select …; commit;
alter role gatez_reader set gatez.tenant = '!';
alter role gatez_reader set default_transaction_read_only = on;

do $$ declare found record; begin
  for found in select tablename as name from pg_tables where schemaname = 'public' and tableowner = 'gatez_owner'
  loop
    execute format('grant select, insert, update, delete on %I to gatez_app', found.name);
    execute format('grant select on %I to gatez_reader', found.name);
  end loop;

  -- Added and read, never changed, never removed.
  for found in select tablename as name from pg_tables where schemaname = 'public'
    and tablename in ('audit', 'adjustments', 'plan_versions', 'applied_files', 'changes', 'ingested_events',
      'rollup_tenants', 'rollup_callers', 'rollup_kinds', 'schema_migrations', 'unsealed', 'invoice_entries')
  loop
    execute format('revoke update, delete on %I from gatez_app', found.name);
  end loop;

  -- The ledger: sums may grow (a trigger sees to it), the names of a sum stay, no row goes.
  for found in select tablename as name,
      case tablename
        when 'rollups' then 'requests, refused, usage_units, bytes_received, bytes_sent, duration_ms'
        when 'rollup_quantities' then 'at_ms, event_id, quantity'
        when 'watermarks' then 'seq'
      end as columns
    from pg_tables where schemaname = 'public' and tablename in ('rollups', 'rollup_quantities', 'watermarks')
  loop
    execute format('revoke update, delete on %I from gatez_app', found.name);
    execute format('grant update (%s) on %I to gatez_app', found.columns, found.name);
  end loop;
  for found in select tablename as name from pg_tables where schemaname = 'public'
    and tablename in ('usage_seals', 'audit_head', 'tenants', 'invoices', 'number_series', 'billing_periods',
      'override_versions', 'usage_exports')
  loop execute format('revoke delete on %I from gatez_app', found.name); end loop;
  for found in select tablename as name from pg_tables
    where schemaname = 'public' and tablename = 'schema_migrations'
  loop execute format('revoke insert on %I from gatez_app', found.name); end loop;

  -- Hashes of keys, tokens and passwords are of no use to a report.
  for found in select tablename as name from pg_tables
    where schemaname = 'public' and tablename in ('tokens', 'member_links', 'keys', 'member_secrets', 'sessions', 'sign_in_links', 'done_requests')
  loop execute format('revoke select on %I from gatez_reader', found.name); end loop;
end $$;
