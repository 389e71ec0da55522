import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { configJsonSchema } from '../../src/config/json-schema.ts'

export default class ConfigSchema extends GatezCommand {
  static override summary = 'Print the JSON Schema of gatez.yaml, for editors and other tools.'
  static override description =
    'Save it, and put "# yaml-language-server: $schema=gatez.schema.json" into the first line of gatez.yaml: ' +
    'editors then complete its fields and mark mistakes while you type. It is the same with --json. What refers ' +
    'to something else in the file, gatez config check finds.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> > gatez.schema.json',
  ]

  async run(): Promise<Readonly<Record<string, unknown>>> {
    await this.parse(ConfigSchema)
    const schema = configJsonSchema()
    this.log(JSON.stringify(schema, null, 2))
    return schema
  }
}
