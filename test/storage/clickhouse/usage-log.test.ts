import { ClickHouseUsageLog } from '../../../src/storage/clickhouse/usage-log.ts'
import { type UsageLogDriver, usageLogContract } from '../../contract/usage-log.ts'
import { usageLogBreakdownContract } from '../../contract/usage-log-breakdown.ts'
import { usageLogForgettingContract } from '../../contract/usage-log-forgetting.ts'
import { startClickHouse } from '../../support/services/clickhouse.ts'
import { usagePlace } from '../../support/services/clickhouse-place.ts'

const clickhouse = await startClickHouse()

const driver: UsageLogDriver = {
  name: 'clickhouse',
  open: async () => new ClickHouseUsageLog(usagePlace(await clickhouse.database())),
}

usageLogContract(driver)
usageLogForgettingContract(driver)
usageLogBreakdownContract(driver)
