import type { Migration } from '../migrate.ts'

/** The control API and the portals: a chained audit log, answers kept for retries, passwords, sessions. */
export const control: Migration = {
  version: 12,
  name: 'control',
  statements: ({ bigint }) => [
    // Rows from before have no hash: the chain begins behind them.
    "alter table audit add column hash text not null default ''",
    `create table audit_head (
      id integer primary key,
      hash text not null
    )`,
    "insert into audit_head (id, hash) values (1, '')",
    `create table done_requests (
      actor text not null,
      idempotency_key text not null,
      fingerprint text not null,
      status integer not null,
      body text,
      created_at_ms ${bigint} not null,
      primary key (actor, idempotency_key)
    )`,
    'create index done_requests_by_time on done_requests (created_at_ms)',
    `create table member_secrets (
      member_id text primary key references members (id) on delete cascade,
      password text,
      oidc_subject text unique,
      changed_at_ms ${bigint} not null
    )`,
    `create table sessions (
      hash text primary key,
      id text not null unique,
      kind text not null,
      member_id text references members (id) on delete cascade,
      created_at_ms ${bigint} not null,
      expires_at_ms ${bigint} not null
    )`,
    'create index sessions_by_member on sessions (member_id)',
    'create index sessions_by_end on sessions (expires_at_ms)',
    `create table sign_in_links (
      hash text primary key,
      purpose text not null,
      detail text not null,
      created_at_ms ${bigint} not null,
      expires_at_ms ${bigint} not null
    )`,
  ],
}
