import type { ClickHouseUsagePlace } from '../../../src/storage/clickhouse/usage-log.ts'

/** What the driver is given for an address as an operator writes it. */
export function usagePlace(
  address: string,
  { retentionDays = null }: Partial<ClickHouseUsagePlace> = {},
): ClickHouseUsagePlace {
  const url = new URL(address.replace('clickhouse+', ''))
  return {
    origin: url.origin,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    cluster: null,
    retentionDays,
  }
}
