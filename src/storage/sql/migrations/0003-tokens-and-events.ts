import type { Migration } from '../migrate.ts'

/** Tokens of operators; events that come in with an id of their sender's. */
export const tokensAndEvents: Migration = {
  version: 3,
  name: 'tokens-and-events',
  statements: ({ bigint, clustered }) => [
    `create table tokens (
      id text primary key,
      name text not null,
      scopes text not null,
      hash text not null unique,
      masked text not null,
      created_by text not null,
      created_at_ms ${bigint} not null,
      expires_at_ms ${bigint},
      revoked_at_ms ${bigint}
    )`,
    // The identity is the primary key and nothing else is indexed: a row is one place in one tree.
    `create table ingested_events (
      tenant_id text not null,
      source text not null,
      id text not null,
      event_id text not null,
      hash text not null,
      matched text not null,
      late integer not null,
      adjustment integer not null,
      received_at_ms ${bigint} not null,
      primary key (tenant_id, source, id)
    ) ${clustered}`,
    // What was taken, by the quarter of an hour in which it came: an id that goes or changes is missed here.
    `create table ingested_seals (
      bucket_ms ${bigint} primary key,
      events ${bigint} not null,
      contents text not null
    )`,
    `create table event_batches (
      first_seq ${bigint} primary key,
      count integer not null,
      lines text not null
    )`,
    `create table unattributed_events (
      tenant text not null,
      source text not null,
      id text not null,
      hash text not null,
      reason text not null,
      body text not null,
      times ${bigint} not null,
      first_at_ms ${bigint} not null,
      last_at_ms ${bigint} not null,
      primary key (tenant, source, id, hash)
    )`,
    'create index unattributed_by_time on unattributed_events (first_at_ms, tenant, source, id, hash)',
  ],
}
