import { GatezCommand } from '../src/cli/gatez-command.ts'
import { serveUntilStopped } from '../src/cli/serve-until-stopped.ts'

export default class Serve extends GatezCommand {
  static override summary = 'Run the gateway.'
  static override description =
    'Serves the apis of the configuration until it is told to stop. SIGTERM and SIGINT let calls in flight end and make every event durable; a second one ends at once.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --config /etc/gatez/gatez.yaml',
  ]
  static override enableJsonFlag = false

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve)
    await serveUntilStopped(flags.config, (line) => this.log(line))
  }
}
