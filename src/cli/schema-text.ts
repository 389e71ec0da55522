import type { StoreSchema } from '../upkeep/store-schema.ts'

/** The schema of a store as a person reads it. */
export function schemaText({ place, schema, schema_known, pending }: StoreSchema): string {
  if (schema === schema_known) return `${place} has schema ${schema}: up to date.`
  const now = schema === 0 ? 'has nothing of gatez yet' : `has schema ${schema} of ${schema_known}`
  return `${place} ${now}. To come: ${pending.join(', ')}.\n→ gatez db migrate`
}
