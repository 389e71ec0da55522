import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { untilEnded } from '../../src/cli/until-ended.ts'
import { clockFromEnvironment, processEnvironment } from '../../src/config/environment.ts'
import { GatezError } from '../../src/errors/gatez-error.ts'
import { openControl } from '../../src/local-control.ts'

export default class TuiDashboard extends GatezCommand {
  static override summary = 'Watch the gateway from a terminal: traffic, calls, tenants, approvals, health.'
  static override description =
    'Works on the stores of the file, whether gatez serve runs or not; live traffic needs a running one. With GATEZ_URL and ' +
    'GATEZ_TOKEN it looks at a control API; a token with the scope read may look, one with write also approve and reject. ' +
    '? shows the keys. --once prints one screen and ends; --json prints what it would show.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --once',
    '<%= config.bin %> <%= command.id %> --view tenants --once --columns 120 --rows 40',
    '<%= config.bin %> <%= command.id %> --json',
  ]
  static override flags = {
    view: Flags.option({
      description: 'The page to begin with.',
      options: ['traffic', 'tail', 'tenants', 'approvals', 'revenue', 'health'] as const,
      default: 'traffic',
    })(),
    once: Flags.boolean({ description: 'Print one screen as plain text, and end.' }),
    columns: Flags.integer({
      description: 'How wide that screen is.',
      default: 80,
      min: 60,
      max: 500,
      helpValue: 'N',
    }),
    rows: Flags.integer({ description: 'How high it is.', default: 24, min: 16, max: 200, helpValue: 'N' }),
  }

  async run(): Promise<object | undefined> {
    const { flags } = await this.parse(TuiDashboard)
    const { stdin, stdout } = process
    const isOnce = flags.once || this.jsonEnabled()
    if (!isOnce && !(stdin.isTTY && stdout.isTTY)) {
      throw new GatezError('not-a-terminal', 'The dashboard draws on a terminal, and this is none.')
    }
    await using control = await openControl(flags.config)
    const parts = {
      client: control.client,
      place: control.place,
      clock: clockFromEnvironment(processEnvironment()),
      view: flags.view,
    }
    if (isOnce) {
      const { showOnce } = await import('../../src/dashboard/show-once.ts')
      const { data, text } = await showOnce({ ...parts, columns: flags.columns, rows: flags.rows })
      this.log(text)
      return { ...data, problems: Object.fromEntries(data.problems) }
    }
    // Loaded here: no other command needs what draws on terminals.
    const { runDashboard } = await import('../../src/dashboard/run-dashboard.tsx')
    using ended = untilEnded()
    await runDashboard({ ...parts, stdin, stdout, signal: ended.signal })
    return undefined
  }
}
