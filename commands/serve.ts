import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../src/cli/gatez-command.ts'
import { serveUntilStopped } from '../src/cli/serve-until-stopped.ts'

export default class Serve extends GatezCommand {
  static override summary = 'Run the gateway.'
  static override description =
    'Serves the apis of the configuration until it is told to stop. SIGTERM and SIGINT let calls in flight end and make every event durable; a second one ends at once. ' +
    'SIGHUP, or a change of the file or of one it names, puts the file in force anew.\n\n' +
    'With --upstream it needs no file: every path of that one API, a key required, 60 calls a minute. ' +
    'It makes the first key and prints it once. Other commands work in the same folder; ' +
    'gatez init --template minimal --upstream URL writes the same as a file, and the running gateway takes it over.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --upstream http://127.0.0.1:3000',
    '<%= config.bin %> <%= command.id %> --config /etc/gatez/gatez.yaml --listen 127.0.0.1:8090',
  ]
  static override flags = {
    upstream: Flags.string({
      description: 'Serve this one API, without a file.',
      helpValue: 'URL',
      exclusive: ['config'],
    }),
    listen: Flags.string({
      description: 'The address clients call, for this run; gateway.listen of the file if not given.',
      helpValue: 'HOST:PORT',
    }),
  }
  static override enableJsonFlag = false

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve)
    const { config: file, upstream, listen } = flags
    await serveUntilStopped({ file, upstream, listen, print: (line) => this.log(line) })
  }
}
