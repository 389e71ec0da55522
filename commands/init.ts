import { resolve } from 'node:path'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../src/cli/gatez-command.ts'
import { TEMPLATES, writeTemplate } from '../src/config/write-template.ts'
import { templatesDir } from '../src/lib/bundle.ts'

export default class Init extends GatezCommand {
  static override summary = 'Write a gatez.yaml to start from, and what belongs to it.'
  static override description = 'Never overwrites: if one of the files exists, nothing is written.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> shop --template minimal',
  ]
  static override args = {
    dir: Args.string({ description: 'Folder to write to; made if need be.', default: '.' }),
  }
  static override flags = {
    template: Flags.option({ options: TEMPLATES, default: 'dataforge' as const })({
      description: 'dataforge: three tiers with a sample API; minimal: one api, one plan.',
    }),
    yes: Flags.boolean({ description: 'Ask nothing. (Nothing is asked today; for scripts.)' }),
  }

  async run(): Promise<InitResult> {
    const { args, flags } = await this.parse(Init)

    const files = writeTemplate(
      { templatesDir: templatesDir() },
      { template: flags.template, folder: args.dir },
    )
    const next = nextCommands(flags.template)
    this.log(
      `Wrote ${files.join(', ')} to ${resolve(args.dir)}.\n\nNext${args.dir === '.' ? '' : `, in ${args.dir}`}:`,
    )
    for (const command of next) this.log(`  ${command}`)
    return { folder: resolve(args.dir), template: flags.template, files, next }
  }
}

interface InitResult {
  readonly folder: string
  readonly template: string
  readonly files: readonly string[]
  readonly next: readonly string[]
}

function nextCommands(template: (typeof TEMPLATES)[number]): readonly string[] {
  if (template === 'minimal') {
    return ['gatez serve', 'gatez tenants create acme --plan default', 'gatez keys create acme']
  }
  return [
    'node upstream.js &',
    'gatez serve &',
    'gatez tenants create acme --plan free && gatez keys create acme',
  ]
}
