import type { Migration } from '../migrate.ts'

/** Calls with an Idempotency-Key, and what they were answered. */
export const keptAnswers: Migration = {
  version: 5,
  name: 'kept-answers',
  statements: ({ bigint }) => [
    `create table kept_answers (
      tenant_id text not null,
      route_id text not null,
      idempotency_key text not null,
      event_id text not null,
      earlier_ids text not null,
      fingerprint text not null,
      node_id text not null,
      epoch integer not null,
      lease_until_ms ${bigint} not null,
      expires_at_ms ${bigint} not null,
      head text,
      body text,
      bytes ${bigint} not null,
      primary key (tenant_id, route_id, idempotency_key)
    )`,
    'create index kept_answers_by_end on kept_answers (expires_at_ms)',
    'create index kept_answers_running on kept_answers (node_id, epoch) where head is null',
  ],
}
