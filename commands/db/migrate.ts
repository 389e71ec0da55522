import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { clockFromEnvironment, processEnvironment } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { migrateStore, type StoreSchema } from '../../src/upkeep/store-schema.ts'

export default class DbMigrate extends GatezCommand {
  static override summary = 'Bring the control store to the schema of this gatez.'
  static override description =
    'All of it or nothing, in one transaction; several at once wait for each other. Every command does it by itself where its user may: ' +
    'this one is for a user of Postgres who owns the tables, while serve runs as one who does not (docs/postgres.md). ' +
    '--json says what was there before, and which migrations were made.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  async run(): Promise<StoreSchema> {
    const { flags } = await this.parse(DbMigrate)

    const env = processEnvironment()
    const before = await migrateStore(loadConfig(flags.config, env), clockFromEnvironment(env))
    this.log(
      before.pending.length === 0
        ? `${before.place} has schema ${before.schema}: up to date.`
        : `${before.place}: from schema ${before.schema} to ${before.schema_known} (${before.pending.join(', ')}).`,
    )
    return before
  }
}
