import type { Migration } from '../migrate.ts'

/** Calls with an Idempotency-Key that broke off when they were on the bill already. */
export const billedKeys: Migration = {
  version: 18,
  name: 'billed-keys',
  statements: () => ['alter table kept_answers add column billed integer not null default 0'],
}
