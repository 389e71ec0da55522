import type { Migration } from '../migrate.ts'

/** The portal: keys that gatez makes for itself, to try calls with. */
export const portal: Migration = {
  version: 17,
  name: 'portal',
  statements: () => ['alter table keys add column purpose text'],
}
