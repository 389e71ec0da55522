import { resolve } from 'node:path'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { plural } from '../../src/cli/plan-rows.ts'
import { processEnvironment } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load-config.ts'

export default class ConfigCheck extends GatezCommand {
  static override summary = 'Check the file and say everything that is wrong with it, line by line.'
  static override description = 'Reads the file only: no store is opened, nothing is changed.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --config staging.yaml --json',
  ]

  async run(): Promise<CheckedConfig> {
    const { flags } = await this.parse(ConfigCheck)

    const { apis, plans } = loadConfig(flags.config, processEnvironment())
    const routes = apis.flatMap((api) => api.routes)
    const counts = [plural(apis.length, 'api'), plural(routes.length, 'route'), plural(plans.length, 'plan')]
    this.log(`${flags.config} is valid: ${counts.join(', ')}.`)
    return {
      valid: true,
      file: resolve(flags.config),
      apis: apis.length,
      routes: routes.length,
      plans: plans.length,
    }
  }
}

interface CheckedConfig {
  readonly valid: true
  readonly file: string
  readonly apis: number
  readonly routes: number
  readonly plans: number
}
