import type { ClickHousePlace } from './connection.ts'

/** What an operator knows the database by; without the password. */
export function placeName({ origin, database }: ClickHousePlace): string {
  return `${origin}/${database}`
}
