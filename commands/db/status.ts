import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { schemaText } from '../../src/cli/schema-text.ts'
import { processEnvironment, remoteFromEnvironment } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { ControlClient } from '../../src/control/client.ts'
import { type StoreSchema, storeSchema } from '../../src/upkeep/store-schema.ts'

export default class DbStatus extends GatezCommand {
  static override summary = 'Say which schema the control store has, and what is to come.'
  static override description = 'Changes nothing. A password is never shown.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  async run(): Promise<StoreSchema> {
    const { flags } = await this.parse(DbStatus)

    const env = processEnvironment()
    const remote = remoteFromEnvironment(env, flags.config)
    const found =
      remote === undefined
        ? await storeSchema(loadConfig(flags.config, env))
        : await new ControlClient(remote).call('storeSchema', {})
    this.log(schemaText(found))
    return found
  }
}
