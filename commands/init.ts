import { resolve } from 'node:path'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../src/cli/gatez-command.ts'
import { checkedAnswers, type InitAnswers, nextCommands } from '../src/cli/init-answers.ts'
import { PRESETS } from '../src/config/presets.ts'
import { refuseToOverwrite, TEMPLATES, writeTemplate } from '../src/config/write-template.ts'
import { templatesDir } from '../src/lib/bundle.ts'

export default class Init extends GatezCommand {
  static override summary = 'Write a gatez.yaml to start from, and what belongs to it.'
  static override description =
    'On a terminal it asks what it needs, each question with an answer that Enter takes; what a flag says is not asked. ' +
    'Without a terminal, or with --yes, it asks nothing. Never overwrites: if one of the files exists, nothing is written.\n\n' +
    'dataforge is a sample API in three tiers, llm a language model sold by the token (with a fake one to try it), ' +
    'minimal your own API with one plan or those of a preset, production the same for a server, with a unit for systemd.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> shop --upstream http://127.0.0.1:3000 --preset top50 --yes',
    '<%= config.bin %> <%= command.id %> models --template llm',
    '<%= config.bin %> <%= command.id %> shop --production --yes',
  ]
  static override args = {
    dir: Args.string({ description: 'Folder to write to; made if need be.', default: '.' }),
  }
  static override flags = {
    template: Flags.option({ options: TEMPLATES })({
      description: 'What to begin with; dataforge, or minimal when --upstream or --preset is given.',
    }),
    preset: Flags.option({ options: PRESETS })({
      description:
        'Plans for minimal and production. apikeys-guide: 60/min and 1,000/day, 600 and 50,000, 6,000/min; top50: 100, 1,000, 10,000 per 60 s.',
    }),
    upstream: Flags.string({ description: 'Your API, behind gatez.', helpValue: 'URL' }),
    listen: Flags.string({
      description: 'The address your clients call; 127.0.0.1:8080 if not given.',
      helpValue: 'HOST:PORT',
    }),
    production: Flags.boolean({
      description:
        'With stores on servers: Postgres, Redis, ClickHouse, a compose file with health checks, and notes on sizing.',
    }),
    yes: Flags.boolean({ description: 'Ask nothing.' }),
  }

  async run(): Promise<InitResult> {
    const { args, flags } = await this.parse(Init)
    const { template, preset, upstream, listen } = flags
    const given = { template, preset, upstream, listen }
    checkedAnswers(given)
    refuseToOverwrite(args.dir, ['gatez.yaml'])
    const asks = process.stdin.isTTY && process.stdout.isTTY && !flags.yes && !this.jsonEnabled()
    const answers = checkedAnswers(asks ? await this.#interview(given) : given)

    const folder = resolve(args.dir)
    const files = writeTemplate(
      { templatesDir: templatesDir() },
      { ...answers, folder: args.dir, answers, production: flags.production },
    )
    const next = flags.production ? SERVER_COMMANDS : nextCommands(answers)
    this.log(`Wrote ${files.join(', ')} to ${folder}.`)
    if (!files.includes('.gitignore'))
      this.log('A .gitignore was there before: see that it has the line .gatez/')
    if (files.includes('gatez.service')) this.log('gatez.service says at its top how to install it.')
    this.log(`\nNext${args.dir === '.' ? '' : `, in ${args.dir}`}:`)
    for (const command of next) this.log(`  ${command}`)
    return { folder, template: answers.template, files, next }
  }

  async #interview(given: InitAnswers): Promise<InitAnswers> {
    // Loaded here, so that nobody who is not asked waits for it.
    const { interview } = await import('../src/cli/init-interview.ts')
    const answers = await interview(given)
    if (answers !== undefined) return answers
    this.log('Nothing was written.')
    return this.exit(BROKEN_OFF)
  }
}

/** The next three commands to type where the stores are on servers. */
const SERVER_COMMANDS = [
  'cp .env.example .env && $EDITOR .env',
  'docker compose up -d --wait',
  'docker compose exec gatez gatez doctor',
]

/** What a shell reports of a program that Ctrl-C ended. */
const BROKEN_OFF = 130

interface InitResult {
  readonly folder: string
  readonly template: string
  readonly files: readonly string[]
  readonly next: readonly string[]
}
