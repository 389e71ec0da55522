import * as Args from '@oclif/core/args'
import type { TokenView } from '../../src/access/token-view.ts'
import { openApp } from '../../src/app.ts'
import { confirm } from '../../src/cli/confirm.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { oneOrAll } from '../../src/cli/one-or-all.ts'
import { YES_FLAG } from '../../src/cli/yes-flag.ts'

export default class TokensRevoke extends GatezCommand {
  static override summary = 'End tokens for good: all of those named, or none.'
  static override description =
    'Within a second whatever shows them is refused; there is no way back. Asks first at a terminal.'
  static override examples = ['<%= config.bin %> <%= command.id %> tok_2f6k8m0q1r3t5w7x9z2b']
  static override args = {
    token: Args.string({ description: 'Ids of the tokens.', required: true, multiple: true }),
  }
  static override flags = { yes: YES_FLAG }

  async run(): Promise<TokenView | readonly TokenView[]> {
    const { args, flags } = await this.parse(TokensRevoke)
    await using app = await openApp(flags.config)

    await confirm({
      what: `${args.token.join(', ')} will be refused for good, within a second.`,
      yes: flags.yes,
      json: this.jsonEnabled(),
      // As for keys: a leaked one cannot wait for a flag.
      unattended: 'go-on',
    })
    const tokens = await app.revokeTokens({ tokenIds: args.token })
    for (const token of tokens) this.log(`Revoked token ${token.id} (${token.name}).`)
    return oneOrAll(tokens)
  }
}
