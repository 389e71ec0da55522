import * as Args from '@oclif/core/args'
import { completionScript, SHELLS } from '../src/cli/completion/completion-script.ts'
import { GatezCommand } from '../src/cli/gatez-command.ts'

export default class Completion extends GatezCommand {
  static override summary = 'Print a script that completes gatez in your shell.'
  static override description =
    'The script knows commands, flags and their choices by itself, so that completing costs no start of gatez. ' +
    'Print it again after an update. bash: source <(gatez completion bash) in ~/.bashrc; ' +
    'zsh: source <(gatez completion zsh) in ~/.zshrc; ' +
    'fish: gatez completion fish > ~/.config/fish/completions/gatez.fish.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> bash',
    '<%= config.bin %> <%= command.id %> fish > gatez.fish',
  ]
  static override args = {
    shell: Args.string({ description: 'The shell.', options: [...SHELLS], required: true }),
  }

  async run(): Promise<CompletionScript> {
    const { args } = await this.parse(Completion)
    const shell = SHELLS.find((each) => each === args.shell) ?? 'bash'
    const script = completionScript(shell, this.config)
    this.log(script.trimEnd())
    return { shell, script }
  }
}

interface CompletionScript {
  readonly shell: string
  readonly script: string
}
