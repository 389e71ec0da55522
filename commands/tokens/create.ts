import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { RevealedTokenView } from '../../src/access/token-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class TokensCreate extends GatezCommand {
  static override summary = 'Create a token for a program of yours; its secret is shown this once.'
  static override description =
    'A token acts for the operator, within its scopes: events reports usage of any tenant (POST /v1/events), read, ' +
    'write and billing are for the control API, verify asks whether a call may pass. None of them includes another; ' +
    'owner includes all, and alone manages tokens. Programs send it as Authorization: Bearer gzt_…'
  static override examples = [
    '<%= config.bin %> <%= command.id %> billing-job --scope events',
    '<%= config.bin %> <%= command.id %> dashboard --scope read,events --expires 90d',
  ]
  static override args = {
    name: Args.string({ description: 'What it is for.', required: true }),
  }
  static override flags = {
    scope: Flags.string({
      description: 'What it may do: read, write, billing, verify, events, owner, with commas between.',
      required: true,
    }),
    expires: Flags.string({
      description: 'When it ends: 30d, 12h, or 2027-01-01T00:00Z. Never if not given.',
    }),
  }

  async run(): Promise<RevealedTokenView> {
    const { args, flags } = await this.parse(TokensCreate)
    await using app = await openApp(flags.config)

    const token = await app.createToken({ name: args.name, scopes: flags.scope, expires: flags.expires })
    this.log(
      `Created token ${token.id} for ${token.scopes.join(', ')}. The secret is shown this once:\n\n${token.secret}`,
    )
    return token
  }
}
